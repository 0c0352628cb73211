// The interactive documentation, from our own files only.
window.addEventListener("load", () => {
  SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#docs", deepLinking: true });
});
