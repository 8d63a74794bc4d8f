using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>revise_contract</c>: a change in plain language, as <c>POST /api/v1/contracts/{id}/revisions</c> makes it.</summary>
internal sealed class ReviseContractTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "revise_contract",
            "Revise a contract",
            "Change the latest revision of a contract as asked in plain language. Clauses that the change does not name stay as they are; earlier "
                + "revisions stay, too. The answer says what changed, clause by clause. With propose the change waits for somebody to accept it.",
            Permission.ContractsWrite,
            $$"""
            {
              "type": "object",
              "properties": {
                "contract_id": {{SharedSchemas.Id}},
                "instruction": { "type": "string", "minLength": 1, "maxLength": 8000, "description": "What to change." },
                "clauses": { "type": "array", "maxItems": 500, "items": {{SharedSchemas.Id}}, "description": "The only clauses that may be changed." },
                "propose": { "type": "boolean", "default": false },
                "sources": {{SharedSchemas.Sources}},
                "model": {{SharedSchemas.Model}}
              },
              "required": ["contract_id", "instruction"],
              "additionalProperties": false
            }
            """,
            $$"""
            {
              "type": "object",
              "properties": {
                "contract_id": { "type": "string" },
                "revision": { "type": "integer" },
                "proposal_id": { "type": "string", "description": "Instead of a revision: the change waits for somebody to accept it." },
                "note": { "type": "string", "description": "What there is to know about how it came to be." },
                "changes": {{SharedSchemas.Changes}}
              },
              "required": ["contract_id"]
            }
            """
        ),
        calls,
        requests
    )
{
    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        if (call.IdOf("contract_id", out var wrong) is not { } id)
        {
            return wrong!;
        }

        call.Arguments.Remove("contract_id");
        call.Arguments["stream"] = true;
        return await ContractText.WorkAsync(
            call,
            new RouteRequest("ReviseContract", id, body: call.Arguments),
            ContractText.ChangesAsync
        );
    }
}
