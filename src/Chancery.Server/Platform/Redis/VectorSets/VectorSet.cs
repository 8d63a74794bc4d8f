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

    /// <summary>It is being filled.</summary>
    public sealed record Filling : VectorSetAnswer;
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

    // Redis evicts each key by itself: a set whose size is not the one noted is none to search, and none to build on. What a writer
    // left is noted beside where it stands, so that the next writing sees whether it still is so.
    private const string Common = """
        local function sizes()
          local size = 0
          if redis.call('EXISTS', KEYS[1]) == 1 then size = redis.call('VCARD', KEYS[1]) end
          return size, redis.call('HLEN', KEYS[4])
        end
        local function stands()
          local at = redis.call('HMGET', KEYS[2], 'revision', 'token', 'size', 'groups')
          local size, groups = sizes()
          if at[1] and size == tonumber(at[3]) and groups == tonumber(at[4]) then return at[1], at[2], size end
        end
        local function written()
          local size, groups = sizes()
          return size .. '/' .. groups
        end
        local function mine()
          return redis.call('GET', KEYS[3]) == ARGV[1] and redis.call('HGET', KEYS[2], 'written') == written()
        end

        """;

    // Cosines are taken anew in PostgreSQL from whole vectors, so a byte for each number is enough here. A filter is held against all
    // vectors: going through the graph would miss what is rare.
    private const string FindScript =
        Common
        + """
            local revision, token, size = stands()
            if not revision then
              if redis.call('EXISTS', KEYS[3]) == 1 then return {'filling'} end
              return {'behind'}
            end
            if revision ~= ARGV[1] or token ~= ARGV[2] then return {'behind', revision, token} end
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

    private const string LeaseScript =
        Common
        + """
            local revision, token = stands()
            if ARGV[3] ~= 'any' and ((revision or '') ~= ARGV[3] or (token or '') ~= ARGV[4]) then return {'moved'} end
            if not redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'taken'} end
            redis.call('HSET', KEYS[2], 'written', written())
            return {'ok'}
            """;

    private const string ClearScript =
        Common
        + """
            if redis.call('GET', KEYS[3]) ~= ARGV[1] then return {'lost'} end
            redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[4])
            redis.call('HSET', KEYS[2], 'written', written())
            return {'ok'}
            """;

    // A vector never changes under its id: what is there stays. Groups gain only.
    private const string AddScript =
        Common
        + """
            if not mine() then return {'lost'} end
            redis.call('PEXPIRE', KEYS[3], ARGV[2])
            local members = {}
            for i = 3, #ARGV, 4 do
              local id, group = ARGV[i], ARGV[i + 3]
              if not redis.call('VGETATTR', KEYS[1], id) then
                redis.call('VADD', KEYS[1], 'FP32', ARGV[i + 1], id, 'Q8', 'EF', '200', 'SETATTR', ARGV[i + 2], 'M', '16')
              end
              if not members[group] then members[group] = {redis.call('HGET', KEYS[4], group) or nil} end
              table.insert(members[group], id)
            end
            for group, ids in pairs(members) do redis.call('HSET', KEYS[4], group, table.concat(ids, ',')) end
            redis.call('HSET', KEYS[2], 'written', written())
            return {'ok'}
            """;

    // Each group is followed by how many are left to it, and by those.
    private const string KeepScript =
        Common
        + """
            if not mine() then return {'lost'} end
            redis.call('PEXPIRE', KEYS[3], ARGV[2])
            local i = 3
            while i <= #ARGV do
              local group, count = ARGV[i], tonumber(ARGV[i + 1])
              local kept, ids = {}, {}
              for k = i + 2, i + 1 + count do
                kept[ARGV[k]] = true
                ids[#ids + 1] = ARGV[k]
              end
              for id in string.gmatch(redis.call('HGET', KEYS[4], group) or '', '[^,]+') do
                if not kept[id] then redis.call('VREM', KEYS[1], id) end
              end
              if count > 0 then redis.call('HSET', KEYS[4], group, table.concat(ids, ','))
              else redis.call('HDEL', KEYS[4], group) end
              i = i + 2 + count
            end
            redis.call('HSET', KEYS[2], 'written', written())
            return {'ok'}
            """;

    private const string EndScript =
        Common
        + """
            if not mine() then return {'lost'} end
            local size, groups = sizes()
            redis.call('HSET', KEYS[2], 'revision', ARGV[2], 'token', ARGV[3], 'size', size, 'groups', groups)
            redis.call('HDEL', KEYS[2], 'written')
            redis.call('DEL', KEYS[3])
            return {'ok'}
            """;

    private const string ReleaseScript = """
        if redis.call('GET', KEYS[3]) == ARGV[1] then
          redis.call('HDEL', KEYS[2], 'written')
          redis.call('DEL', KEYS[3])
        end
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
            ["filling"] => new VectorSetAnswer.Filling(),
            _ => new VectorSetAnswer.Behind(null),
        };
    }

    /// <summary>
    /// The right to write for half a minute, renewed by each writing; null while another server has it, or Redis is gone, or the set
    /// stands elsewhere: what is to be written was made for the one place, and on another it would be wrong, or undo what is whole.
    /// </summary>
    /// <param name="from">Where it has to stand; null for one that is nothing to build on.</param>
    public Task<string?> LeaseAsync(VectorSetPosition? from) =>
        LeaseAsync(from is null ? "" : Text(from.Revision), from is null ? "" : from.Token.ToString());

    /// <summary>The same wherever it stands.</summary>
    public Task<string?> LeaseAnywhereAsync() => LeaseAsync("any", "");

    public Task ClearAsync(string owner) => MustAsync(ClearScript, owner);

    /// <exception cref="VectorSetException">The lease is lost, or Redis is gone or full, or evicted a part.</exception>
    public Task AddAsync(string owner, IReadOnlyList<VectorSetItem> items) =>
        MustAsync(
            AddScript,
            owner,
            [
                LeaseMilliseconds,
                .. items.SelectMany(item =>
                    new object[] { item.Id, Bytes(item.Vector.Span), item.Attributes, item.Group.ToString() }
                ),
            ]
        );

    /// <summary>Removes what else the groups have.</summary>
    /// <param name="groups">With all that is theirs, which is in the set.</param>
    /// <exception cref="VectorSetException">The lease is lost, or Redis is gone or full, or evicted a part.</exception>
    public Task KeepAsync(string owner, IReadOnlyList<(Guid Group, IReadOnlyList<string> Ids)> groups) =>
        MustAsync(
            KeepScript,
            owner,
            [
                LeaseMilliseconds,
                .. groups.SelectMany(one => new object[] { one.Group.ToString(), Text(one.Ids.Count) }.Concat(one.Ids)),
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

    private async Task<string?> LeaseAsync(string revision, string token)
    {
        var owner = Guid.CreateVersion7().ToString();
        return await redis.RunAsync(LeaseScript, _keys, [owner, LeaseMilliseconds, revision, token]) is ["ok"]
            ? owner
            : null;
    }

    private async Task MustAsync(string script, string owner, params object[] arguments)
    {
        var answer = await redis.RunAsync(script, _keys, [owner, .. arguments]);
        if (answer is not ["ok"])
        {
            throw new VectorSetException(
                answer is null ? "Redis does not answer, or is full." : "The lease was lost, or a part was evicted."
            );
        }
    }

    private string FilterOf(Guid[]? groups) =>
        groups is null ? "" : $".{source.GroupAttribute} in [{string.Join(",", groups.Select(id => $"\"{id}\""))}]";

    private static byte[] Bytes(ReadOnlySpan<float> vector) => MemoryMarshal.AsBytes(vector).ToArray();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A vector set could not be brought up to date. PostgreSQL searches until it is.</summary>
internal sealed class VectorSetException(string message) : Exception(message);
