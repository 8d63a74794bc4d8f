using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary>Work on a contract: watched, ended when its caller leaves, and told with the words of what came of it; and a contract itself.</summary>
internal static class ContractText
{
    /// <param name="tellAsync">Of the contract and the revision that came of it.</param>
    public static async Task<CallToolResult> WorkAsync(
        ToolCall call,
        RouteRequest request,
        Func<ToolCall, string, int, Task<CallToolResult>> tellAsync
    )
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

        if (!answer.IsSuccess)
        {
            return ToolAnswer.Error(answer);
        }

        var id = answer.Content.Text("contract_id")!;
        var made = answer.Content.Only("contract_id", "revision", "proposal_id");
        return made["revision"] is { } number
            ? await tellAsync(call, id, number.GetValue<int>())
            : ToolAnswer.Of(
                made,
                $"Proposed as {answer.Content.Text("proposal_id")} for contract {id}: somebody has to accept it in Chancery."
            );
    }

    /// <summary>All clauses of a revision.</summary>
    /// <param name="number">Null for the latest.</param>
    public static async Task<CallToolResult> WholeAsync(ToolCall call, string id, int? number)
    {
        var read = await call.CallAsync(
            number is null
                ? new RouteRequest("GetContract", id)
                : new RouteRequest("GetRevision", Places(id, number.Value))
        );
        if (!read.IsSuccess)
        {
            return ToolAnswer.Error(read);
        }

        var structured = new JsonObject
        {
            ["contract_id"] = id,
            ["revision"] = read.Content.GetProperty("revision").GetProperty("number").GetInt32(),
        };
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Contract {id}, revision {structured["revision"]}");
        Describe(read.Content, structured, text);
        return ToolAnswer.Of(structured, text.ToString());
    }

    /// <summary>The first revision, or what there is to say where the credential may write contracts and not read them.</summary>
    public static async Task<CallToolResult> DraftedAsync(ToolCall call, string id, int number)
    {
        var whole = await WholeAsync(call, id, number);
        return whole.IsError == true ? Unread(whole, id, number) : whole;
    }

    /// <summary>What a revision says otherwise than the one before it.</summary>
    public static async Task<CallToolResult> ChangesAsync(ToolCall call, string id, int number)
    {
        var compared = await CompareAsync(call, id, null, number);
        if (!compared.IsSuccess)
        {
            return Unread(ToolAnswer.Error(compared), id, number);
        }

        var structured = Stored(id, number);
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Contract {id}, revision {number}");
        if (compared.Content.GetProperty("to").Text("note") is { } note)
        {
            structured["note"] = note;
            text.AppendLine(note);
        }

        AddChanges(compared.Content.GetProperty("difference"), structured, text);
        return ToolAnswer.Of(structured, text.ToString());
    }

    /// <summary>What one revision says otherwise than another.</summary>
    /// <param name="from">Null for the one before <paramref name="to"/>.</param>
    /// <param name="to">Null for the latest.</param>
    public static async Task<CallToolResult> DifferenceAsync(ToolCall call, string id, int? from, int? to)
    {
        var compared = await CompareAsync(call, id, from, to);
        if (!compared.IsSuccess)
        {
            return ToolAnswer.Error(compared);
        }

        var (earlier, later) = (NumberOf("from"), NumberOf("to"));
        var structured = new JsonObject
        {
            ["contract_id"] = id,
            ["from"] = earlier,
            ["to"] = later,
        };
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Contract {id}, revision {later} against revision {earlier}");
        var difference = compared.Content.GetProperty("difference");
        foreach (var (name, value) in difference.Only("inserted", "deleted", "changed", "moved").ToList())
        {
            structured[name] = value!.DeepClone();
        }

        if (AddChanges(difference, structured, text) == 0)
        {
            text.AppendLine("They say the same.");
        }

        return ToolAnswer.Of(structured, text.ToString());

        int NumberOf(string side) => compared.Content.GetProperty(side).GetProperty("number").GetInt32();
    }

    private static Task<RouteAnswer> CompareAsync(ToolCall call, string id, int? from, int? to)
    {
        var query = QueryString.Empty;
        foreach (var (name, number) in new[] { ("from", from), ("to", to) })
        {
            query = number is { } given ? query.Add(name, given.ToString(CultureInfo.InvariantCulture)) : query;
        }

        return call.CallAsync(new RouteRequest("CompareRevisions", id, query.Value ?? ""));
    }

    /// <summary>Adds the changes; how many there are.</summary>
    private static int AddChanges(JsonElement difference, JsonObject structured, StringBuilder text)
    {
        var changes = new JsonArray();
        foreach (var head in difference.GetProperty("head").EnumerateArray())
        {
            Add("changed", null, head.Text("field"), head.Text("from"), head.Text("to"));
        }

        foreach (var clause in difference.GetProperty("clauses").EnumerateArray())
        {
            if (clause.Text("kind") is { } kind and not "same")
            {
                var heading = clause.GetProperty("heading");
                var label = clause.Text("to_label") ?? clause.Text("from_label");
                Add(
                    kind,
                    clause.Text("id"),
                    $"{label} {Words(heading, "deleted") ?? Words(heading, "inserted")}".Trim(),
                    Words(clause.GetProperty("text"), "inserted"),
                    Words(clause.GetProperty("text"), "deleted")
                );
            }
        }

        structured["changes"] = changes;
        return changes.Count;

        void Add(string kind, string? clause, string? what, string? before, string? after)
        {
            var change = new JsonObject { ["kind"] = kind, ["what"] = what };
            text.AppendLine().Append(what).Append(" (").Append(kind.Replace('_', ' ')).AppendLine(")");
            if (clause is not null)
            {
                change["clause_id"] = clause;
            }

            // What only moved says the same as before.
            if (before is not null && kind != "moved")
            {
                change["before"] = before;
                text.Append("before: ").AppendLine(before);
            }

            if (after is not null)
            {
                change["after"] = after;
                text.Append("after: ").AppendLine(after);
            }

            changes.Add(change);
        }
    }

    /// <summary>The words without those that are of the other side; null where there are none.</summary>
    private static string? Words(JsonElement words, string without)
    {
        var text = string.Concat(
            words.EnumerateArray().Where(word => word.Text("kind") != without).Select(word => word.Text("text"))
        );
        return text.Length == 0 ? null : text;
    }

    private static JsonObject Stored(string id, int number) => new() { ["contract_id"] = id, ["revision"] = number };

    private static CallToolResult Unread(CallToolResult refused, string id, int number) =>
        ToolAnswer.Of(
            Stored(id, number),
            $"Stored as contract {id}, revision {number}. {((TextContentBlock)refused.Content[0]).Text}"
        );

    private static Dictionary<string, string> Places(string id, int number) =>
        new() { ["id"] = id, ["number"] = number.ToString(CultureInfo.InvariantCulture) };

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
