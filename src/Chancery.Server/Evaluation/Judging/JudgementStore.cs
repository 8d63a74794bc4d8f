using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Evaluation.Judging;

/// <summary>
/// What judges said, so that the same judge is not paid for the same thing again. Scores alone are kept: what was judged and why is not, and
/// failures never are. Safe for concurrent use.
/// </summary>
internal sealed class JudgementStore(TenantDatabase database, TimeProvider time)
{
    /// <summary>What is older does not count, and is let go of.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    // The first part of every hash: counted up when what a judge is shown is put together in another way.
    private const string Format = "judgement 1";

    private const string FindSql = """
        SELECT score FROM eval_judgements WHERE tenant_id = @tenant AND hash = @hash AND judged_at >= @since
        """;

    // By the database's clock, as the beginning of a run is: servers' clocks differ.
    private const string KeepSql = """
        INSERT INTO eval_judgements (tenant_id, hash, score, judged_at) VALUES (@tenant, @hash, @score, clock_timestamp())
        ON CONFLICT (tenant_id, hash) DO UPDATE SET score = excluded.score, judged_at = excluded.judged_at
        """;

    private const string ForgetSql = "DELETE FROM eval_judgements WHERE tenant_id = @tenant AND judged_at <= @until";

    /// <summary>Of everything that a judgement depends on.</summary>
    /// <param name="name">Of the score.</param>
    /// <param name="prompt">What the judge is told; of its system part everything but the boundary counts, which is another one each time.</param>
    /// <param name="shown">What it is shown, in this order: question, answers, passages.</param>
    public static byte[] HashOf(ChatModel judge, string name, JudgePrompt prompt, IReadOnlyList<string> shown)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] parts =
        [
            Format,
            judge.Id.ToLowerInvariant(),
            // Another model may come to stand behind the same name.
            judge.Endpoint?.ToString() ?? "",
            name,
            prompt.System.Replace(prompt.Boundary, "", StringComparison.Ordinal),
            .. shown,
        ];
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in parts)
        {
            // Its length before each, so that no text can pass for the end of one and the beginning of the next.
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Null where nobody was asked this, or too long ago.</summary>
    /// <param name="notBefore">What was said before then does not count; null for what is kept at all.</param>
    public async Task<Score?> FindAsync(
        TenantId tenant,
        byte[] hash,
        DateTimeOffset? notBefore,
        CancellationToken cancellationToken
    )
    {
        var oldest = time.GetUtcNow() - Kept;
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var score = await session.FindAsync<double?>(
            FindSql,
            new
            {
                tenant = tenant.Value,
                hash,
                since = notBefore > oldest ? notBefore : oldest,
            },
            cancellationToken
        );
        return score is { } number ? Score.Of(number) : null;
    }

    /// <summary>Keeps a number; of anything else nothing.</summary>
    public async Task KeepAsync(TenantId tenant, byte[] hash, Score score, CancellationToken cancellationToken)
    {
        if (score.Value is not { } number)
        {
            return;
        }

        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            KeepSql,
            new
            {
                tenant = tenant.Value,
                hash,
                score = number,
            },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Lets go of what does not count any more.</summary>
    public async Task ForgetAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.ExecuteAsync(
            ForgetSql,
            new { tenant = tenant.Value, until = time.GetUtcNow() - Kept },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }
}
