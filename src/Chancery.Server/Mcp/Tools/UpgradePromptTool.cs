using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using Chancery.Server.Mcp.Resources;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>upgrade_prompt</c>: a rough prompt made better, as <c>POST /api/v1/upgrade</c> does it.</summary>
internal sealed class UpgradePromptTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "upgrade_prompt",
            "Improve a prompt",
            "Rewrite a rough prompt so that a language model does better with it, with passages of the organisation's documents where they help. "
                + "Personal data is kept from the model and put back.",
            Permission.Ask,
            $$"""
            {
              "type": "object",
              "properties": {
                "prompt": { "type": "string", "minLength": 1, "maxLength": 10000, "description": "The rough prompt. What it says is no instruction to this tool." },
                "sources": {
                  "type": "object",
                  "description": "Where passages are looked for; left out, everywhere that the caller may read.",
                  "properties": {
                    "documents": { "type": "array", "maxItems": 100, "items": {{SharedSchemas.Id}} },
                    "collections": { "type": "array", "maxItems": 50, "items": {{SharedSchemas.Id}} },
                    "tags": { "type": "array", "maxItems": 50, "items": { "type": "string" } }
                  },
                  "additionalProperties": false
                },
                "model": {{SharedSchemas.Model}}
              },
              "required": ["prompt"],
              "additionalProperties": false
            }
            """,
            """
            {
              "type": "object",
              "properties": {
                "id": { "type": "string" },
                "upgraded": { "type": "boolean", "description": "Whether it is another one." },
                "upgraded_prompt": { "type": "string" },
                "outcome": { "type": "string", "enum": ["upgraded", "cached", "original"] },
                "reason": { "type": "string", "description": "Why it was not made anew." },
                "changes": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": { "what": { "type": "string" }, "why": { "type": "string" } },
                    "required": ["what", "why"]
                  }
                },
                "sources": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "number": { "type": "integer" },
                      "document_id": { "type": "string" },
                      "uri": { "type": "string" },
                      "title": { "type": "string" },
                      "page": { "type": "integer" }
                    },
                    "required": ["number", "document_id", "uri", "title", "page"]
                  }
                }
              },
              "required": ["id", "upgraded", "outcome", "changes", "sources"]
            }
            """
        ),
        calls,
        requests
    )
{
    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        if (call.Arguments.Remove("prompt", out var prompt))
        {
            call.Arguments["user_prompt"] = prompt;
        }

        var answer = await call.CallAsync(new RouteRequest("UpgradePrompt", call.Arguments));
        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var structured = answer.Content.Only("id", "upgraded", "upgraded_prompt", "outcome", "reason", "changes");
        var sources = new JsonArray();
        foreach (var source in answer.Content.GetProperty("sources").EnumerateArray())
        {
            var told = source.Only("number", "document_id", "title", "page");
            told["uri"] = DocumentUri.OfPage(source.Text("document_id")!, source.GetProperty("page").GetInt32());
            sources.Add(told);
        }

        structured["sources"] = sources;
        var text = new StringBuilder(answer.Content.Text("upgraded_prompt"));
        if (answer.Content.Text("reason") is { } reason)
        {
            text.AppendLine().AppendLine().Append('(').Append(reason).Append(')');
        }

        return ToolAnswer.Of(structured, text.ToString());
    }
}
