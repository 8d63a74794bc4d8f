using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>compare_contract_revisions</c>: what changed, as <c>GET /api/v1/contracts/{id}/diff</c> finds it.</summary>
internal sealed class CompareRevisionsTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "compare_contract_revisions",
            "Compare revisions of a contract",
            "Say what a revision of a contract says otherwise than another, clause by clause, with the words before and after. "
                + "list_contract_revisions has their numbers.",
            Permission.ContractsRead,
            $$"""
            {
              "type": "object",
              "properties": {
                "contract_id": {{SharedSchemas.Id}},
                "from": { "type": "integer", "minimum": 1, "maximum": {{MostRevision}}, "description": "Left out, the one before to." },
                "to": { "type": "integer", "minimum": 1, "maximum": {{MostRevision}}, "description": "Left out, the latest." }
              },
              "required": ["contract_id"],
              "additionalProperties": false
            }
            """,
            $$"""
            {
              "type": "object",
              "properties": {
                "contract_id": { "type": "string" },
                "from": { "type": "integer" },
                "to": { "type": "integer" },
                "inserted": { "type": "integer", "description": "Clauses." },
                "deleted": { "type": "integer" },
                "changed": { "type": "integer" },
                "moved": { "type": "integer" },
                "changes": {{SharedSchemas.Changes}}
              },
              "required": ["contract_id", "from", "to", "inserted", "deleted", "changed", "moved", "changes"]
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
    private const int MostRevision = 1_000_000;

    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        if (
            call.IdOf("contract_id", out var wrong) is not { } id
            || call.NumberOf("from", 0, MostRevision, out wrong) is not { } from
            || call.NumberOf("to", 0, MostRevision, out wrong) is not { } to
        )
        {
            return wrong!;
        }

        return await ContractText.DifferenceAsync(call, id, from == 0 ? null : from, to == 0 ? null : to);
    }
}
