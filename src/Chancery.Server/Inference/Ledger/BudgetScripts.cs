namespace Chancery.Server.Inference.Ledger;

/// <summary>What Redis does in one step.</summary>
/// <remarks>
/// A scope is one hash. <c>m</c> is its marker: the epoch, the Redis process and the caps that it was counted for; another marker, or
/// none, and nothing in it is believed. <c>r:id</c> is what a running call holds: nano-dollars, a colon, tokens. The other fields count
/// what was spent and is held, one for each cap and window: tokens in those that begin with <c>q:</c>. Numbers are strings of integers and are added by Redis itself in 64 bits; Lua compares them as doubles,
/// exact below 2⁵³: <see cref="NanoDollars.Largest"/> keeps a cap and an amount together below that, and a count beyond every cap is
/// refused whether or not its last digits are exact.
/// </remarks>
internal static class BudgetScripts
{
    /// <summary>KEYS: hash. ARGV: marker, field of the call, nano-dollars, tokens, then field and cap of each cap.</summary>
    public const string Reserve = """
        if redis.call('HGET', KEYS[1], 'm') ~= ARGV[1] then return {'lost'} end
        if redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1 then return {'granted'} end
        local function of(field) return string.sub(field, 1, 2) == 'q:' and ARGV[4] or ARGV[3] end
        for i = 5, #ARGV, 2 do
          local used = redis.call('HGET', KEYS[1], ARGV[i]) or '0'
          if tonumber(used) + tonumber(of(ARGV[i])) > tonumber(ARGV[i + 1]) then
            return {'refused', tostring((i - 5) / 2), used}
          end
        end
        for i = 5, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], of(ARGV[i])) end
        redis.call('HSET', KEYS[1], ARGV[2], ARGV[3] .. ':' .. ARGV[4])
        return {'granted'}
        """;

    /// <summary>
    /// KEYS: hash, how the call ended. ARGV: field of the call, cost, tokens, then the fields that count it. How it ended is kept for a
    /// minute for whoever is counting anew and has read of it while it was running.
    /// </summary>
    public const string Settle = """
        if KEYS[2] then redis.call('SET', KEYS[2], ARGV[2] .. ':' .. ARGV[3], 'PX', 60000) end
        local held = redis.call('HGET', KEYS[1], ARGV[1])
        if not held then return {'unknown'} end
        redis.call('HDEL', KEYS[1], ARGV[1])
        local nano, tokens = string.match(held, '^(%d+):?(%d*)$')
        local dearer = string.format('%.0f', tonumber(ARGV[2]) - tonumber(nano))
        local longer = string.format('%.0f', tonumber(ARGV[3]) - (tonumber(tokens) or 0))
        for i = 4, #ARGV do
          if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
            redis.call('HINCRBY', KEYS[1], ARGV[i], string.sub(ARGV[i], 1, 2) == 'q:' and longer or dearer)
          end
        end
        return {'settled'}
        """;

    /// <summary>
    /// KEYS: hash, who counts, then how each running call ended. ARGV: marker, who writes, milliseconds to live, number of counts, then
    /// field and value of each, then for each running call: its field, nano-dollars, tokens, the number of fields that count it, and
    /// those.
    /// </summary>
    public const string Rebuild = """
        if redis.call('HGET', KEYS[1], 'm') == ARGV[1] then return {'already'} end
        if redis.call('GET', KEYS[2]) ~= ARGV[2] then return {'overtaken'} end
        redis.call('DEL', KEYS[1])
        local counts = tonumber(ARGV[4])
        local i = 5
        for n = 1, counts do
          redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
          i = i + 2
        end
        local call = 3
        while i <= #ARGV do
          local field, nano, tokens, fields = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
          local ended = redis.call('GET', KEYS[call])
          if ended then
            local cost, used = string.match(ended, '^(%d+):?(%d*)$')
            local dearer = string.format('%.0f', tonumber(cost) - tonumber(nano))
            local longer = string.format('%.0f', (tonumber(used) or 0) - tonumber(tokens))
            for n = 1, fields do
              local counted = ARGV[i + 3 + n]
              redis.call('HINCRBY', KEYS[1], counted, string.sub(counted, 1, 2) == 'q:' and longer or dearer)
            end
          else
            redis.call('HSET', KEYS[1], field, nano .. ':' .. tokens)
          end
          i = i + 4 + fields
          call = call + 1
        end
        redis.call('HSET', KEYS[1], 'm', ARGV[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
        return {'rebuilt'}
        """;

    /// <summary>Nothing in the hash is believed any more. KEYS: hash.</summary>
    public const string Forget = """
        redis.call('HDEL', KEYS[1], 'm')
        return {'forgotten'}
        """;
}
