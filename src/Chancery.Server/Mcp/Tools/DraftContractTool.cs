using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>draft_contract</c>: a contract from an instruction, as <c>POST /api/v1/contracts</c> drafts it.</summary>
internal sealed class DraftContractTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "draft_contract",
            "Draft a contract",
            "Draft a contract from plain language, with wording of the organisation's library, contracts and documents, and store it as revision 1. "
                + "Takes up to some minutes; progress is told clause by clause. Cancelling ends the work, and nothing is stored.",
            Permission.ContractsWrite,
            $$"""
            {
              "type": "object",
              "properties": {
                "instruction": { "type": "string", "minLength": 1, "maxLength": 8000, "description": "What the contract is to be." },
                "type": { "type": "string", "minLength": 1, "maxLength": 40, "description": "nda, services, employment, lease, saas, or another; left out, the instruction says it." },
                "title": { "type": "string", "minLength": 1, "maxLength": 300 },
                "parties": {
                  "type": "array",
                  "maxItems": 20,
                  "items": {
                    "type": "object",
                    "properties": {
                      "name": { "type": "string", "minLength": 1, "maxLength": 300 },
                      "role": { "type": "string", "maxLength": 100, "description": "What the contract calls them." },
                      "address": { "type": "string", "maxLength": 500 }
                    },
                    "required": ["name"],
                    "additionalProperties": false
                  }
                },
                "effective_date": { "type": "string", "format": "date" },
                "governing_law": { "type": "string", "maxLength": 200 },
                "language": { "type": "string", "maxLength": 35, "description": "A BCP 47 tag; left out, that of the instruction." },
                "tags": { "type": "array", "maxItems": 50, "items": { "type": "string" } },
                "sources": {{SharedSchemas.Sources}},
                "model": {{SharedSchemas.Model}}
              },
              "required": ["instruction"],
              "additionalProperties": false
            }
            """,
            SharedSchemas.Contract
        ),
        calls,
        requests
    )
{
    protected override Task<CallToolResult> RunAsync(ToolCall call)
    {
        call.Arguments["stream"] = true;
        return ContractText.WorkAsync(
            call,
            new RouteRequest("DraftContract", call.Arguments),
            ContractText.DraftedAsync
        );
    }
}
