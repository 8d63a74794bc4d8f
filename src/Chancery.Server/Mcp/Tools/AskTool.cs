using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using Chancery.Server.Mcp.Resources;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>ask</c>: an answer with checked citations, as <c>POST /api/v1/chat</c> gives it.</summary>
internal sealed class AskTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "ask",
            "Ask the documents",
            "Answer a question from the organisation's documents. Every citation is checked against its passage; the answer says when the documents "
                + "do not hold one. With session_id of an earlier answer the conversation goes on.",
            Permission.Ask,
            $$"""
            {
              "type": "object",
              "properties": {
                "question": { "type": "string", "minLength": 1, "maxLength": 4000 },
                "session_id": { "type": "string", "minLength": 1, "maxLength": 200, "description": "The conversation; left out, a new one begins." },
                "documents": { "type": "array", "maxItems": 100, "items": {{SharedSchemas.Id}}, "description": "Only these documents." },
                "tags": { "type": "array", "maxItems": 50, "items": { "type": "string" }, "description": "Only documents with one of these tags." },
                "collections": { "type": "array", "maxItems": 50, "items": {{SharedSchemas.Id}}, "description": "Only documents of these collections." },
                "model": {{SharedSchemas.Model}}
              },
              "required": ["question"],
              "additionalProperties": false
            }
            """,
            """
            {
              "type": "object",
              "properties": {
                "answer": { "type": "string", "description": "With markers such as [1] for citations." },
                "outcome": { "type": "string", "enum": ["answered", "unsupported", "partial", "blocked", "failed"] },
                "session_id": { "type": "string" },
                "model": { "type": "string" },
                "citations": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "number": { "type": "integer" },
                      "document_id": { "type": "string" },
                      "uri": { "type": "string", "description": "The page as a resource." },
                      "version": { "type": "integer" },
                      "title": { "type": "string" },
                      "page": { "type": "integer" },
                      "quote": { "type": "string", "description": "Exactly what the page says." }
                    },
                    "required": ["number", "document_id", "uri", "version", "title", "page", "quote"]
                  }
                },
                "unsupported_sentences": { "type": "array", "items": { "type": "string" }, "description": "Sentences that no passage supports." }
              },
              "required": ["answer", "outcome", "session_id", "model", "citations"]
            }
            """
        ),
        calls,
        requests
    )
{
    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        call.Arguments["stream"] = true;
        var isWriting = false;
        var answer = await call.CallAsync(
            new RouteRequest("Chat", call.Arguments),
            async (happened, _) =>
            {
                switch (happened.Kind)
                {
                    case "retrieval":
                        var found = happened.Content.GetProperty("passages").GetArrayLength();
                        await call.TellAsync(string.Create(CultureInfo.InvariantCulture, $"Passages found: {found}"));
                        break;
                    case "text" when !isWriting:
                        isWriting = true;
                        await call.TellAsync("Writing the answer");
                        break;
                    case "citation":
                        await call.TellAsync($"Citation checked: {happened.Content.Text("title")}");
                        break;
                }
            }
        );
        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var structured = answer.Content.Only("answer", "outcome", "session_id", "model", "unsupported_sentences");
        var citations = new JsonArray();
        var text = new StringBuilder(answer.Content.Text("answer")).AppendLine();
        foreach (var citation in answer.Content.GetProperty("citations").EnumerateArray())
        {
            var cited = citation.Only("number", "document_id", "version", "title", "page", "quote");
            var page = citation.GetProperty("page").GetInt32();
            var uri = DocumentUri.OfPage(citation.Text("document_id")!, page);
            cited["uri"] = uri;
            citations.Add(cited);
            text.AppendLine()
                .Append(
                    CultureInfo.InvariantCulture,
                    $"[{citation.GetProperty("number").GetInt32()}] {citation.Text("title")}, page {page} ({uri}): “{citation.Text("quote")}”"
                );
        }

        structured["citations"] = citations;
        return ToolAnswer.Of(structured, text.ToString());
    }
}
