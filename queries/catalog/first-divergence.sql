-- title: First divergence of the layers
-- doc: When did register, PCI core and IOMMU driver of each function first disagree for longer than a call?
-- column function: Address.
-- column layers: The two layers.
-- column first_value: What the first of them says: 1 on, 0 off.
-- column second_value: What the second says.
-- column from_event: Event from which they disagree.
-- column from_ns (ns): Its common time.
-- column duration_ns (ns): How long they disagree.
SELECT "function", layers, first_value, second_value, from_event, from_ns, duration_ns
FROM first_divergence
ORDER BY from_event, "function";
