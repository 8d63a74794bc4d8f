using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Redis.VectorSets;

/// <summary>Up to where a vector set was filled.</summary>
internal sealed record VectorSetPosition(long Revision, Guid Token);

/// <summary>What asking a vector set came to.</summary>
internal abstract record VectorSetAnswer
{
    private VectorSetAnswer() { }

    /// <param name="Ids">Nearest first, roughly.</param>
    /// <param name="Size">Of the whole set.</param>
    public sealed record Found(IReadOnlyList<string> Ids, int Size) : VectorSetAnswer;

    /// <param name="Position">Where it stands; null where there is nothing to build on.</param>
    public sealed record Behind(VectorSetPosition? Position) : VectorSetAnswer;
}

/// <summary>A vector with what it is found by.</summary>
internal sealed record VectorSetItem
{
    /// <summary>Without commas. Stands for this very vector: one that changed has another.</summary>
    public required string Id { get; init; }

    /// <summary>With which it changes.</summary>
    public required Guid Group { get; init; }

    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>A JSON object, for filters and for whoever looks into Redis.</summary>
    public required string Attributes { get; init; }
}

/// <summary>
/// One organisation's vectors of one kind and model in Redis: a set, beside it where it stands, who may write to it, and which vectors
/// each group has. Every operation is a script, so that what it finds out still holds when it acts on it.
/// </summary>
/// <param name="dimensions">Of all vectors in it: a model's name tells nothing of their length.</param>
internal sealed class VectorSet(RedisGateway redis, IVectorSource source, TenantId tenant, string model, int dimensions)
{
    private const string LeaseMilliseconds = "30000";

    // Cosines are taken anew in PostgreSQL from whole vectors, so a byte for each number is enough here. A filter is held against all
    // vectors: going through the graph would miss what is rare.
    private const string FindScript = """
        local at = redis.call('HMGET', KEYS[2], 'revision', 'token', 'size', 'groups')
        if not at[1] then return {'behind'} end
        local size = 0
        if redis.call('EXISTS', KEYS[1]) == 1 then size = redis.call('VCARD', KEYS[1]) end
        -- Evicted, or emptied: what is left of it is no set to search.
        if size ~= tonumber(at[3]) or redis.call('HLEN', KEYS[4]) ~= tonumber(at[4]) then return {'behind'} end
        if at[1] ~= ARGV[1] or at[2] ~= ARGV[2] then return {'behind', at[1], at[2]} end
        local answer = {'found', tostring(size)}
        if size == 0 then return answer end
        local found
        if ARGV[5] == '' then
          found = redis.call('VSIM', KEYS[1], 'FP32', ARGV[3], 'COUNT', ARGV[4], 'EF', ARGV[4])
        else
          found = redis.call('VSIM', KEYS[1], 'FP32', ARGV[3], 'COUNT', ARGV[4], 'FILTER', ARGV[5], 'TRUTH')
        end
        for _, id in ipairs(found) do answer[#answer + 1] = id end
        return answer
        """;

    private const string LeaseScript = """
        if redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'ok'} end
        return {'taken'}
        """;

    private const string ClearScript = """
        if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {'lost'} end
        redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[4])
        return {'ok'}
        """;

    // A vector never changes under its id: what is there stays. Groups that are named lose what is not given again; others gain only.
    private const string WriteScript = """
        if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {'lost'} end
        redis.call('PEXPIRE', KEYS[3], ARGV[2])
        local first = 4 + tonumber(ARGV[3])
        local fresh, members = {}, {}
        for i = 4, first - 1 do members[ARGV[i]] = {} end
        for i = first, #ARGV, 4 do
          local group = ARGV[i + 3]
          if not members[group] then
            members[group] = {}
            local has = redis.call('HGET', KEYS[4], group)
            if has then members[group][1] = has end
          end
          table.insert(members[group], ARGV[i])
          fresh[ARGV[i]] = true
        end
        for i = 4, first - 1 do
          local has = redis.call('HGET', KEYS[4], ARGV[i])
          for id in string.gmatch(has or '', '[^,]+') do
            if not fresh[id] then redis.call('VREM', KEYS[1], id) end
          end
        end
        for i = first, #ARGV, 4 do
          if not redis.call('VGETATTR', KEYS[1], ARGV[i]) then
            redis.call('VADD', KEYS[1], 'FP32', ARGV[i + 1], ARGV[i], 'Q8', 'EF', '200', 'SETATTR', ARGV[i + 2], 'M', '16')
          end
        end
        for group, ids in pairs(members) do
          if #ids > 0 then redis.call('HSET', KEYS[4], group, table.concat(ids, ',')) else redis.call('HDEL', KEYS[4], group) end
        end
        return {'ok'}
        """;

    private const string EndScript = """
        if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {'lost'} end
        local size = 0
        if redis.call('EXISTS', KEYS[1]) == 1 then size = redis.call('VCARD', KEYS[1]) end
        redis.call('HSET', KEYS[2], 'revision', ARGV[2], 'token', ARGV[3], 'size', size,
                   'groups', redis.call('HLEN', KEYS[4]))
        redis.call('DEL', KEYS[3])
        return {'ok'}
        """;

    private const string ReleaseScript = """
        if redis.call('GET', KEYS[3]) == ARGV[1] then redis.call('DEL', KEYS[3]) end
        return {'ok'}
        """;

    private readonly string[] _keys = KeysOf(tenant, source.Kind, model, dimensions);

    public IVectorSource Source => source;

    public TenantId Tenant => tenant;

    public string Model => model;

    public int Dimensions => dimensions;

    /// <summary>The nearest, at one position and no other; null when Redis is gone.</summary>
    /// <param name="groups">Only of these; null for all.</param>
    public async Task<VectorSetAnswer?> FindAsync(
        VectorSetPosition position,
        ReadOnlyMemory<float> vector,
        Guid[]? groups,
        int most
    )
    {
        var answer = await redis.RunAsync(
            FindScript,
            _keys,
            [Text(position.Revision), position.Token.ToString(), Bytes(vector.Span), Text(most), FilterOf(groups)]
        );
        return answer switch
        {
            null => null,
            ["found", var size, .. var ids] => new VectorSetAnswer.Found(
                ids,
                int.Parse(size, CultureInfo.InvariantCulture)
            ),
            ["behind", var revision, var token] => new VectorSetAnswer.Behind(
                new VectorSetPosition(long.Parse(revision, CultureInfo.InvariantCulture), Guid.Parse(token))
            ),
            _ => new VectorSetAnswer.Behind(null),
        };
    }

    /// <summary>The right to write for half a minute, renewed by each writing; null while another server has it, or Redis is gone.</summary>
    public async Task<string?> LeaseAsync()
    {
        var owner = Guid.CreateVersion7().ToString();
        return await redis.RunAsync(LeaseScript, _keys, [owner, LeaseMilliseconds]) is ["ok"] ? owner : null;
    }

    public Task ClearAsync(string owner) => MustAsync(ClearScript, owner);

    /// <param name="groups">Lose all that is not among <paramref name="items"/>.</param>
    /// <exception cref="VectorSetException">The lease is lost, or Redis is gone or full.</exception>
    public Task WriteAsync(string owner, IReadOnlyCollection<Guid> groups, IReadOnlyList<VectorSetItem> items) =>
        MustAsync(
            WriteScript,
            owner,
            [
                LeaseMilliseconds,
                Text(groups.Count),
                .. groups.Select(id => (object)id.ToString()),
                .. items.SelectMany(item =>
                    new object[] { item.Id, Bytes(item.Vector.Span), item.Attributes, item.Group.ToString() }
                ),
            ]
        );

    /// <summary>From now on it stands there, and may be searched.</summary>
    public Task EndAsync(string owner, VectorSetPosition position) =>
        MustAsync(EndScript, owner, Text(position.Revision), position.Token.ToString());

    public Task ReleaseAsync(string owner) => redis.RunAsync(ReleaseScript, _keys, [owner]);

    internal static string[] KeysOf(TenantId tenant, string kind, string model, int dimensions)
    {
        var hash = SHA256.HashData(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{dimensions}/{model}"))
        );
        // The braces keep them on one node of a cluster.
        var set = $"{{{tenant}}}:{kind}:{Convert.ToHexStringLower(hash.AsSpan(0, 6))}";
        return [set, set + ":at", set + ":lease", set + ":groups"];
    }

    private async Task MustAsync(string script, string owner, params object[] arguments)
    {
        var answer = await redis.RunAsync(script, _keys, [owner, .. arguments]);
        if (answer is not ["ok"])
        {
            throw new VectorSetException(answer is null ? "Redis does not answer, or is full." : "The lease was lost.");
        }
    }

    private string FilterOf(Guid[]? groups) =>
        groups is null ? "" : $".{source.GroupAttribute} in [{string.Join(",", groups.Select(id => $"\"{id}\""))}]";

    private static byte[] Bytes(ReadOnlySpan<float> vector) => MemoryMarshal.AsBytes(vector).ToArray();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A vector set could not be brought up to date. PostgreSQL searches until it is.</summary>
internal sealed class VectorSetException(string message) : Exception(message);
