/**
 * A whole number with a comma at each group of three digits, as `toLocaleString('en-US')` writes it, which takes 20 ms
 * at its first use for the rules of all languages.
 */
export function thousands(count: number | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
