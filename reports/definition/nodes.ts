import type { Node } from './definition.ts';

/** Whether a definition has a node like this; `inEach` tells whether it stands in an `each`. */
export function hasNode(
  nodes: readonly Node[],
  isLike: (node: Node, inEach: boolean) => boolean,
  inEach = false,
): boolean {
  return nodes.some((node) => {
    if (isLike(node, inEach)) return true;
    if (node.kind === 'if') return hasNode([...node.body, ...node.otherwise], isLike, inEach);
    return 'body' in node && hasNode(node.body, isLike, inEach || node.kind === 'each');
  });
}
