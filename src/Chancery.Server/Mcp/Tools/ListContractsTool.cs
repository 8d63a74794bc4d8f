using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>list_contracts</c>: which contracts there are, as <c>GET /api/v1/contracts</c> lists them.</summary>
internal sealed class ListContractsTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "list_contracts",
            "List contracts",
            "List the contracts that the caller may read, those that changed last first, with the ids that the other tools take. "
                + "To find one by what it says, use search_clauses.",
            Permission.ContractsRead,
            $$"""
            {
              "type": "object",
              "properties": {
                "q": { "type": "string", "maxLength": 200, "description": "A part of the title or of a party's name." },
                "type": { "type": "string", "maxLength": 40, "description": "Only contracts of this type." },
                "status": {{SharedSchemas.ContractStatus}},
                "tag": { "type": "string", "maxLength": 100, "description": "Only contracts with this tag." },
                "party": { "type": "string", "maxLength": 200, "description": "A part of a party's name." },
                "from": { "type": "string", "format": "date", "description": "Effective on this day or later." },
                "to": { "type": "string", "format": "date", "description": "Effective before this day." },
                "limit": { "type": "integer", "minimum": 1, "maximum": {{MostContracts}}, "default": {{SomeContracts}} },
                "cursor": { "type": "string", "description": "next_cursor of the page before." }
              },
              "additionalProperties": false
            }
            """,
            $$"""
            {
              "type": "object",
              "properties": {
                "contracts": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "contract_id": { "type": "string" },
                      "title": { "type": "string" },
                      "type": { "type": "string" },
                      "status": {{SharedSchemas.ContractStatus}},
                      "tags": { "type": "array", "items": { "type": "string" } },
                      "parties": { "type": "array", "items": { "type": "string" }, "description": "Their names." },
                      "effective_date": { "type": "string", "format": "date" },
                      "end_date": { "type": "string", "format": "date" },
                      "governing_law": { "type": "string" },
                      "language": { "type": "string" },
                      "revision": { "type": "integer", "description": "The latest one." },
                      "updated_at": { "type": "string", "format": "date-time" }
                    },
                    "required": ["contract_id", "title", "type", "status", "tags", "parties", "language", "revision", "updated_at"]
                  }
                },
                "next_cursor": { "type": "string", "description": "Left out at the end." }
              },
              "required": ["contracts"]
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
    private const int MostContracts = 100;
    private const int SomeContracts = 20;

    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        if (
            call.NumberOf("limit", SomeContracts, MostContracts, out var wrong) is not { } limit
            || call.QueryOf(["q", "type", "status", "tag", "party", "from", "to", "cursor"], out wrong)
                is not { } filters
        )
        {
            return wrong!;
        }

        // Said here, because what the route says of a day that is none does not name the argument.
        foreach (var day in new[] { "from", "to" })
        {
            if (
                call.Arguments[day] is JsonValue given
                && !DateOnly.TryParseExact(
                    given.GetValue<string>(),
                    "yyyy-MM-dd",
                    CultureInfo.InvariantCulture,
                    0,
                    out _
                )
            )
            {
                return ToolAnswer.Error($"{day} must be a day such as 2026-01-31.");
            }
        }

        var query = filters.Add("limit", limit.ToString(CultureInfo.InvariantCulture));
        var answer = await call.CallAsync(
            new RouteRequest("ListContracts", new Dictionary<string, string>(), query.Value!)
        );
        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var contracts = new JsonArray();
        var text = new StringBuilder();
        foreach (var contract in answer.Content.GetProperty("items").EnumerateArray())
        {
            var parties = contract
                .GetProperty("parties")
                .EnumerateArray()
                .Select(party => party.Text("name"))
                .ToArray();
            contracts.Add(Summary(contract, parties));
            text.Append(contract.Text("title"))
                .Append(" (")
                .Append(contract.Text("id"))
                .Append("): ")
                .Append(contract.Text("type"))
                .Append(", ")
                .Append(contract.Text("status"));
            if (parties.Length > 0)
            {
                text.Append(", ").AppendJoin(" and ", parties);
            }

            text.AppendLine();
        }

        var structured = answer.Content.Only("next_cursor");
        structured["contracts"] = contracts;
        if (answer.Content.Text("next_cursor") is { } next)
        {
            text.Append("More with cursor ").AppendLine(next);
        }

        return ToolAnswer.Of(structured, contracts.Count == 0 ? "There is no such contract." : text.ToString());
    }

    private static JsonObject Summary(JsonElement contract, string?[] parties)
    {
        var summary = contract.Only(
            "title",
            "type",
            "status",
            "tags",
            "effective_date",
            "end_date",
            "governing_law",
            "language",
            "revision",
            "updated_at"
        );
        summary["contract_id"] = contract.Text("id");
        summary["parties"] = new JsonArray([.. parties.Select(name => JsonValue.Create(name))]);
        return summary;
    }
}
