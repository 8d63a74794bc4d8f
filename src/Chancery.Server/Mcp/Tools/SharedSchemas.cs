namespace Chancery.Server.Mcp.Tools;

/// <summary>Parts of schemas that several tools have in common.</summary>
internal static class SharedSchemas
{
    public const string Id = """{ "type": "string", "format": "uuid" }""";

    public const string Model =
        """{ "type": "string", "maxLength": 200, "description": "A model of the installation by name; left out, the default. extractive works without one." }""";

    public const string ContractStatus =
        """{ "type": "string", "enum": ["draft", "in_review", "agreed", "archived"] }""";

    /// <summary>What a revision says otherwise than another one, as <see cref="ContractText"/> tells it.</summary>
    public const string Changes = """
        {
          "type": "array",
          "items": {
            "type": "object",
            "properties": {
              "kind": { "type": "string", "enum": ["inserted", "deleted", "changed", "moved", "moved_and_changed"] },
              "what": { "type": "string", "description": "The clause by number and heading, or what of the contract as a whole." },
              "clause_id": { "type": "string" },
              "before": { "type": "string" },
              "after": { "type": "string" }
            },
            "required": ["kind", "what"]
          }
        }
        """;

    /// <summary>Where wording is looked for.</summary>
    public const string Sources = """
        {
          "type": "object",
          "description": "Where to look for wording; left out, everywhere that the caller may read.",
          "properties": {
            "documents": { "type": "array", "maxItems": 100, "items": { "type": "string", "format": "uuid" } },
            "collections": { "type": "array", "maxItems": 50, "items": { "type": "string", "format": "uuid" } },
            "tags": { "type": "array", "maxItems": 50, "items": { "type": "string" } },
            "contracts": { "type": "boolean", "default": true, "description": "Whether clauses of other contracts count." }
          },
          "additionalProperties": false
        }
        """;

    /// <summary>A contract at a revision, as <see cref="ContractText"/> tells it.</summary>
    public const string Contract = """
        {
          "type": "object",
          "properties": {
            "contract_id": { "type": "string" },
            "revision": { "type": "integer" },
            "title": { "type": "string" },
            "language": { "type": "string" },
            "governing_law": { "type": "string" },
            "note": { "type": "string", "description": "What there is to know about how it came to be." },
            "clauses": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "id": { "type": "string" },
                  "label": { "type": "string" },
                  "heading": { "type": "string" },
                  "text": { "type": "string" }
                },
                "required": ["id", "label", "heading", "text"]
              }
            }
          },
          "required": ["contract_id", "revision"]
        }
        """;
}
