using System.Globalization;

namespace Chancery.Server.Inference.Ledger.Usage;

/// <summary>Rows of the ledger as lines of a file (RFC 4180).</summary>
internal static class UsageCsv
{
    public const string Header =
        "time,day,request_id,attempt,event,user_id,key_id,component,operation,provider,model,outcome,error_type,"
        + "input_tokens,cache_read_tokens,cache_write_tokens,cache_write_1h_tokens,output_tokens,reasoning_tokens,"
        + "estimated,cost_usd,cost_nano,billed,latency_ms,first_part_ms,cache_hit\r\n";

    public static string LineOf(UsageStore.EntryRow row) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{row.At:yyyy-MM-ddTHH:mm:ss.fffZ},{row.Day:yyyy-MM-dd},{row.RequestId},{row.Attempt},{row.Event},{row.UserId},{row.KeyId},{Cell(row.Component)},{Cell(row.Operation)},{Cell(row.Provider)},{Cell(row.Model)},{Cell(row.Outcome)},{Cell(row.ErrorType)},{row.Input},{row.CacheRead},{row.CacheWrite},{row.CacheWriteHour},{row.Output},{row.Reasoning},{Word(row.Estimated)},{new NanoDollars(row.CostNano).Dollars:0.000000000},{row.CostNano},{Word(row.Billed)},{row.LatencyMs},{row.FirstPartMs},{Word(row.CacheHit)}\r\n"
        );

    /// <summary>Quoted where it must be. A name that a spreadsheet would take for a formula is told as text.</summary>
    private static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var safe = text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return safe.AsSpan().ContainsAny(",\"\r\n")
            ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : safe;
    }

    private static string Word(bool value) => value ? "true" : "false";
}
