using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary>Work on a contract: watched, ended when its caller leaves, and told with the words of what came of it.</summary>
internal static class ContractText
{
    public static async Task<CallToolResult> WorkAsync(ToolCall call, RouteRequest request)
    {
        string? operation = null;
        RouteAnswer answer;
        try
        {
            answer = await call.CallAsync(
                request,
                async (happened, headers) =>
                {
                    operation ??= headers["X-Operation-Id"].ToString() is { Length: > 0 } id ? id : null;
                    await TellAsync(call, happened);
                }
            );
        }
        catch (OperationCanceledException) when (operation is not null && call.Cancellation.IsCancellationRequested)
        {
            // Elsewhere leaving does not end such work, because one may come back for it; a cancelled tool has nobody who would.
            await call.Calls.CallAsync(
                call.Http,
                new RouteRequest("CancelContractOperation", operation),
                null,
                CancellationToken.None
            );
            throw;
        }

        return answer.IsSuccess ? await ResultAsync(call, answer.Content) : ToolAnswer.Error(answer);
    }

    private static ValueTask TellAsync(ToolCall call, RouteEvent happened) =>
        happened.Kind switch
        {
            "sources" => call.TellAsync("Wording was looked for"),
            "outline" => call.TellAsync($"Outline: {happened.Content.Text("title")}"),
            "clause" => call.TellAsync(
                $"Clause: {happened.Content.Text("heading")}",
                happened.Content.GetProperty("number").GetDouble() + 2,
                happened.Content.GetProperty("of").GetDouble() + 2
            ),
            _ => ValueTask.CompletedTask,
        };

    private static async Task<CallToolResult> ResultAsync(ToolCall call, JsonElement result)
    {
        var structured = result.Only("contract_id", "revision", "proposal_id");
        var id = result.Text("contract_id")!;
        if (!structured.ContainsKey("revision"))
        {
            return ToolAnswer.Of(
                structured,
                $"Proposed as {result.Text("proposal_id")} for contract {id}: somebody has to accept it in Chancery."
            );
        }

        var number = result.GetProperty("revision").GetInt32();
        var revision = await call.CallAsync(
            new RouteRequest(
                "GetRevision",
                new Dictionary<string, string>
                {
                    ["id"] = id,
                    ["number"] = number.ToString(CultureInfo.InvariantCulture),
                }
            )
        );
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Contract {id}, revision {number}");
        if (revision.IsSuccess)
        {
            Describe(revision.Content, structured, text);
        }
        else
        {
            // It is stored; the credential may write contracts and not read them.
            text.AppendLine(ToolAnswer.Describe(revision));
        }

        return ToolAnswer.Of(structured, text.ToString());
    }

    private static void Describe(JsonElement contract, JsonObject structured, StringBuilder text)
    {
        foreach (var (name, value) in contract.Only("title", "language", "governing_law").ToList())
        {
            structured[name] = value!.DeepClone();
        }

        if (contract.GetProperty("revision").Text("note") is { } note)
        {
            structured["note"] = note;
            text.AppendLine(note);
        }

        text.AppendLine().AppendLine(contract.Text("title"));
        var clauses = new JsonArray();
        foreach (var clause in contract.GetProperty("clauses").EnumerateArray())
        {
            clauses.Add(clause.Only("id", "label", "heading", "text"));
            text.AppendLine().AppendLine($"{clause.Text("label")} {clause.Text("heading")}".Trim());
            text.AppendLine(clause.Text("text"));
        }

        structured["clauses"] = clauses;
    }
}
