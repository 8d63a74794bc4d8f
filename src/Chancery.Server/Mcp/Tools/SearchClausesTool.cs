using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>search_clauses</c>: clauses, or contracts by their clauses, as <c>POST /api/v1/contracts/search</c> finds them.</summary>
internal sealed class SearchClausesTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "search_clauses",
            "Search clauses of contracts",
            "Find clauses in the latest revisions of the contracts that the caller may read. Words, \"phrases\" and -exclusions; where the server "
                + "has an embedding model the meaning counts too. With per contract: the best clause of each contract.",
            Permission.ContractsRead,
            $$"""
            {
              "type": "object",
              "properties": {
                "query": { "type": "string", "minLength": 1, "maxLength": 4096, "description": "What to look for." },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 10, "description": "Most results." },
                "per": { "type": "string", "enum": ["clause", "contract"], "default": "clause" },
                "clause_type": { "type": "string", "maxLength": 60, "description": "Only clauses that deal with this, such as confidentiality." },
                "type": { "type": "string", "maxLength": 40, "description": "Only contracts of this type." },
                "status": {{SharedSchemas.ContractStatus}},
                "tag": { "type": "string", "maxLength": 64, "description": "Only contracts with this tag." },
                "party": { "type": "string", "maxLength": 200, "description": "A part of a party's name." },
                "from": { "type": "string", "format": "date", "description": "Effective on this day or later." },
                "to": { "type": "string", "format": "date", "description": "Effective before this day." }
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
                      "contract_id": { "type": "string" },
                      "title": { "type": "string", "description": "Of the contract." },
                      "revision": { "type": "integer", "description": "The latest one, which the clause stands in." },
                      "clause_id": { "type": "string" },
                      "number": { "type": "string", "description": "As others name it; empty where it has none." },
                      "heading": { "type": "string", "description": "With those above it." },
                      "clause_type": { "type": "string", "description": "What it deals with, where that can be told." },
                      "text": { "type": "string" },
                      "score": { "type": "number", "description": "Comparable within one answer only." }
                    },
                    "required": ["contract_id", "title", "revision", "clause_id", "number", "heading", "text", "score"]
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
        var answer = await call.CallAsync(new RouteRequest("SearchContracts", call.Arguments));
        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var results = new JsonArray();
        var text = new StringBuilder();
        foreach (var clause in answer.Content.GetProperty("results").EnumerateArray())
        {
            var contract = clause.GetProperty("contract");
            var found = clause.Only("contract_id", "clause_id", "number", "heading", "text", "score");
            found["title"] = contract.Text("title");
            found["revision"] = contract.GetProperty("revision").GetInt32();
            if (clause.Text("type") is { } type)
            {
                found["clause_type"] = type;
            }

            results.Add(found);
            text.Append(CultureInfo.InvariantCulture, $"[{results.Count}] {contract.Text("title")} ")
                .AppendLine(
                    CultureInfo.InvariantCulture,
                    $"({clause.Text("contract_id")}), revision {found["revision"]}"
                )
                .AppendLine($"{clause.Text("number")} {clause.Text("heading")}".Trim())
                .AppendLine(clause.Text("text"))
                .AppendLine();
        }

        var structured = answer.Content.Only("mode", "note");
        structured["results"] = results;
        return ToolAnswer.Of(structured, results.Count == 0 ? "Nothing was found." : text.ToString());
    }
}
