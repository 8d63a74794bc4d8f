using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>list_contract_revisions</c>: who changed a contract, when and why.</summary>
internal sealed class ListRevisionsTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "list_contract_revisions",
            "List revisions of a contract",
            "List the revisions of a contract, newest first, each with what was asked, by whom and when.",
            Permission.ContractsRead,
            $$"""
            {
              "type": "object",
              "properties": {
                "contract_id": {{SharedSchemas.Id}},
                "limit": { "type": "integer", "minimum": 1, "maximum": {{MostRevisions}}, "default": {{SomeRevisions}} },
                "cursor": { "type": "string", "description": "next_cursor of the page before." }
              },
              "required": ["contract_id"],
              "additionalProperties": false
            }
            """,
            """
            {
              "type": "object",
              "properties": {
                "revisions": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "number": { "type": "integer" },
                      "source": { "type": "string", "enum": ["drafted", "refined", "edited", "imported", "restored", "accepted"] },
                      "instruction": { "type": "string" },
                      "author": { "type": "string" },
                      "created_at": { "type": "string", "format": "date-time" },
                      "model": { "type": "string" },
                      "note": { "type": "string" },
                      "inserted": { "type": "integer", "description": "Clauses." },
                      "deleted": { "type": "integer" },
                      "changed": { "type": "integer" }
                    },
                    "required": ["number", "source", "author", "created_at", "inserted", "deleted", "changed"]
                  }
                },
                "next_cursor": { "type": "string", "description": "Left out at the end." }
              },
              "required": ["revisions"]
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
    private const int MostRevisions = 100;
    private const int SomeRevisions = 20;

    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        if (
            call.IdOf("contract_id", out var wrong) is not { } id
            || call.NumberOf("limit", SomeRevisions, MostRevisions, out wrong) is not { } limit
        )
        {
            return wrong!;
        }

        var cursor =
            call.Arguments["cursor"] is JsonValue value && value.TryGetValue<string>(out var given) ? given : null;
        var query = QueryString.Create("limit", limit.ToString(CultureInfo.InvariantCulture));
        if (cursor is not null)
        {
            query = query.Add("cursor", cursor);
        }

        var answer = await call.CallAsync(new RouteRequest("ListRevisions", id, query.Value!));
        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var revisions = new JsonArray();
        var text = new StringBuilder();
        foreach (var revision in answer.Content.GetProperty("items").EnumerateArray())
        {
            revisions.Add(
                revision.Only(
                    "number",
                    "source",
                    "instruction",
                    "author",
                    "created_at",
                    "model",
                    "note",
                    "inserted",
                    "deleted",
                    "changed"
                )
            );
            text.Append(revision.GetProperty("number").GetRawText())
                .Append(". ")
                .Append(revision.Text("source"))
                .Append(", ")
                .Append(revision.Text("author"))
                .Append(", ")
                .Append(revision.Text("created_at"));
            if (revision.Text("instruction") is { } asked)
            {
                text.Append(": ").Append(asked);
            }

            text.AppendLine();
        }

        var structured = answer.Content.Only("next_cursor");
        structured["revisions"] = revisions;
        return ToolAnswer.Of(structured, text.ToString());
    }
}
