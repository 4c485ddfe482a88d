// The pages at /docs: Swagger UI over the description of the API.

const main = document.querySelector("#api");

SwaggerUIBundle({
  domNode: main,
  url: main.dataset.description,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // nothing is sent to another host
});
