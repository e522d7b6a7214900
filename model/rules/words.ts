/** A word that the rules use, and what it means here. */
export interface Word {
  readonly word: string;
  readonly meaning: string;
}

/** Words that the text of every rule needs: printed below each of them. */
export const COMMON_WORDS: readonly Word[] = [
  {
    word: 'Layers',
    meaning:
      '`hw`: the ATS Control register of the function. `core`: what the PCI core holds in `struct pci_dev` (`ats_cap`, `ats_stu`, `ats_enabled`, `untrusted`). `drv`: what the IOMMU driver believes. `trace`: the recording itself.',
  },
  {
    word: 'Page shift and STU',
    meaning:
      'The kernel passes a page shift (12 for 4 KiB); the register holds STU, which is the page shift less 12. Both are always named.',
  },
  {
    word: 'First divergence',
    meaning:
      'When two layers of a function first disagree for longer than a call; what is found on the function later often follows from it.',
  },
];

/** Words that only the list of all rules explains. */
export const MORE_WORDS: readonly Word[] = [
  {
    word: 'PF and VF',
    meaning: 'The STU of a VF is hardwired to 0 and that of its PF applies; Enable is its own.',
  },
  {
    word: 'Generation',
    meaning: 'A function from its appearance to its removal: the same address found again is another one.',
  },
];
