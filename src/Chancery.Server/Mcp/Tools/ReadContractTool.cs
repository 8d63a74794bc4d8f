using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>read_contract</c>: the clauses of a revision, as <c>GET /api/v1/contracts/{id}</c> shows them.</summary>
internal sealed class ReadContractTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "read_contract",
            "Read a contract",
            "Read a contract clause by clause, with the ids that revise_contract takes. The latest revision, or an earlier one by its number.",
            Permission.ContractsRead,
            $$"""
            {
              "type": "object",
              "properties": {
                "contract_id": {{SharedSchemas.Id}},
                "revision": { "type": "integer", "minimum": 1, "maximum": {{MostRevision}}, "description": "Left out, the latest." }
              },
              "required": ["contract_id"],
              "additionalProperties": false
            }
            """,
            SharedSchemas.Contract
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
            || call.NumberOf("revision", 0, MostRevision, out wrong) is not { } number
        )
        {
            return wrong!;
        }

        return await ContractText.WholeAsync(call, id, number == 0 ? null : number);
    }
}
