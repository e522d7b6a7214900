/** Style sheets, scripts and definitions of pages are imported as text. */
declare module '*.css' {
  const text: string;
  export default text;
}
declare module '*.client.js' {
  const text: string;
  export default text;
}
declare module '*.report.md' {
  const text: string;
  export default text;
}
