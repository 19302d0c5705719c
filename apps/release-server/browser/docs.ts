/** Shows the contract, to which the page links, with Swagger UI, whose script came before this one. */
declare function SwaggerUIBundle(options: Record<string, unknown>): unknown;

const contract = document.querySelector<HTMLLinkElement>('#contract');
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = (): void => {
  document.documentElement.classList.toggle('dark-mode', dark.matches);
};

follow();
dark.addEventListener('change', follow);
SwaggerUIBundle({
  url: contract?.href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  tryItOutEnabled: true,
  // Tokens stay in memory.
  persistAuthorization: false,
  validatorUrl: null,
});
