using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Reading;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Audit.Live;

/// <summary>
/// The last entries of each tenant in a stream of Redis, <c>{tenant}:audit_log</c>, for whoever watches: an entry's number is its id
/// there. It may be lost, or miss some; the table has all. Safe for concurrent use.
/// </summary>
internal sealed class LiveStream(RedisGateway redis) : IChainFollower
{
    /// <summary>Beyond that the oldest go.</summary>
    public const int Longest = 10_000;

    private const int AtOnce = 100;

    // A week without anything new. An id that is not higher than the last is refused, which the table makes up for.
    private static readonly string AddScript = $"""
        for i = 1, #ARGV, 2 do
          redis.pcall('XADD', KEYS[1], 'MAXLEN', '{Longest}', ARGV[i] .. '-0', 'entry', ARGV[i + 1])
        end
        redis.call('PEXPIRE', KEYS[1], 604800000)
        """;

    private static readonly string ReadScript = $$"""
        local found = {}
        for _, item in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1] .. '-0', '+', 'COUNT', '{{AtOnce}}')) do
          found[#found + 1] = item[1]
          found[#found + 1] = item[2][2]
        end
        return found
        """;

    public Task AppendedAsync(Guid tenant, IReadOnlyList<AuditEntry> entries)
    {
        var arguments = new List<string>(entries.Count * 2);
        foreach (var entry in entries)
        {
            arguments.Add(entry.Seq.ToString(CultureInfo.InvariantCulture));
            arguments.Add(LineOf(entry));
        }

        // Nobody who writes waits for those who watch.
        redis.Fire(AddScript, [KeyOf(tenant)], arguments);
        return Task.CompletedTask;
    }

    /// <summary>
    /// What comes right after a number, as far as the stream has it without a gap; null when Redis is gone.
    /// </summary>
    public async Task<IReadOnlyList<EntryView>?> AfterAsync(Guid tenant, long after)
    {
        if (
            await redis.RunAsync(ReadScript, [KeyOf(tenant)], [after.ToString(CultureInfo.InvariantCulture)])
            is not { } found
        )
        {
            return null;
        }

        var entries = new List<EntryView>(found.Length / 2);
        for (var at = 0; at + 1 < found.Length; at += 2)
        {
            if (
                JsonSerializer.Deserialize<EntryView>(found[at + 1], EntryLine.Json) is not { } entry
                || entry.Seq != after + 1
            )
            {
                break;
            }

            entries.Add(entry);
            after = entry.Seq;
        }

        return entries;
    }

    /// <summary>Forgets it all, names too; false when Redis is gone.</summary>
    public Task<bool> ForgetAsync(Guid tenant) => redis.RemoveAsync(KeyOf(tenant));

    // All of a tenant's goes to one place of a cluster.
    public static string KeyOf(Guid tenant) => $"{{{tenant:n}}}:audit_log";

    private static string LineOf(AuditEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        EntryLine.Write(buffer, entry);
        return Encoding.UTF8.GetString(buffer.WrittenSpan[..^1]);
    }
}
