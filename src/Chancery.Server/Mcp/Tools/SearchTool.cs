using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using Chancery.Server.Mcp.Resources;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>search</c>: passages of documents, as <c>POST /api/v1/search</c> finds them.</summary>
internal sealed class SearchTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "search",
            "Search documents",
            "Find passages in the organisation's documents. Words, \"phrases\" and -exclusions; where the server has an embedding model the "
                + "meaning counts too. Only documents that the caller may read. Use ask to have a question answered instead.",
            Permission.DocumentsRead,
            """
            {
              "type": "object",
              "properties": {
                "query": { "type": "string", "minLength": 1, "maxLength": 4096, "description": "What to look for." },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 5, "description": "Most passages." },
                "documents": { "type": "array", "maxItems": 1000, "items": { "type": "string", "format": "uuid" }, "description": "Only these documents, by id." },
                "tags": { "type": "array", "maxItems": 50, "items": { "type": "string" }, "description": "Only documents with one of these tags." },
                "collections": { "type": "array", "maxItems": 1000, "items": { "type": "string", "format": "uuid" }, "description": "Only documents of these collections, by id." }
              },
              "required": ["query"],
              "additionalProperties": false
            }
            """,
            """
            {
              "type": "object",
              "properties": {
                "mode": { "type": "string", "enum": ["hybrid", "lexical"], "description": "hybrid: words and meaning; lexical: words." },
                "note": { "type": "string", "description": "Why only words were searched." },
                "results": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "document_id": { "type": "string" },
                      "uri": { "type": "string", "description": "The page as a resource." },
                      "version": { "type": "integer" },
                      "title": { "type": "string" },
                      "page": { "type": "integer" },
                      "heading": { "type": "string" },
                      "text": { "type": "string" },
                      "score": { "type": "number", "description": "Comparable within one answer only." }
                    },
                    "required": ["document_id", "uri", "version", "title", "page", "text", "score"]
                  }
                }
              },
              "required": ["mode", "results"]
            }
            """
        )
        {
            IsReadOnly = true,
        },
        calls,
        requests
    )
{
    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        var answer = await call.CallAsync(new RouteRequest("Search", call.Arguments));
        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var results = new JsonArray();
        var text = new StringBuilder();
        foreach (var passage in answer.Content.GetProperty("results").EnumerateArray())
        {
            var found = passage.Only("document_id", "version", "title", "page", "heading", "text", "score");
            var uri = DocumentUri.OfPage(passage.Text("document_id")!, passage.GetProperty("page").GetInt32());
            found["uri"] = uri;
            results.Add(found);
            text.Append(CultureInfo.InvariantCulture, $"[{results.Count}] {passage.Text("title")}, page ");
            text.Append(passage.GetProperty("page").GetRawText()).Append(" (").Append(uri).AppendLine(")");
            text.AppendLine(passage.Text("text")).AppendLine();
        }

        var structured = answer.Content.Only("mode", "note");
        structured["results"] = results;
        return ToolAnswer.Of(structured, results.Count == 0 ? "Nothing was found." : text.ToString());
    }
}
