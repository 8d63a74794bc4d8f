using System.Collections.Concurrent;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Platform.Database;
using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Prompts.Releases;

/// <summary>
/// Which words of the product's own prompts an organisation has that follows releases: those that this server ships, or the former ones
/// while they are rolled out or were turned back. Read at each use, so that a rollback counts from its commit, on every server. A server
/// gives no words but its own and those that were before them: where two builds run side by side, each keeps to its own rollout. Safe for
/// concurrent use.
/// </summary>
internal sealed class ReleaseWords(ShippedPrompts shipped)
{
    // What was before may have been turned back since, and so on: what everybody has is the first that was not. Each has its former from
    // when it was new, so that there is no circle.
    private const string StandingSql = """
        WITH RECURSIVE chain AS (
          SELECT 0 AS back, r.release_id, r.state, r.exposure, r.sha256, r.former_sha256, r.progress
          FROM prompt_releases AS r WHERE r.prompt_id = @prompt AND r.sha256 = @sha256
          UNION ALL
          SELECT c.back + 1, r.release_id, r.state, r.exposure, r.sha256, r.former_sha256, r.progress
          FROM chain AS c JOIN prompt_releases AS r ON r.prompt_id = @prompt AND r.sha256 = c.former_sha256
          WHERE c.state NOT IN ('first', 'at_once', 'complete')
        )
        SELECT own.release_id, own.state, own.exposure, coalesce((own.progress ->> 'stage')::int, 0) AS stage,
               (SELECT c.sha256 FROM chain AS c ORDER BY c.back DESC LIMIT 1) AS everybodys_sha256
        FROM chain AS own WHERE own.back = 0
        """;

    private const string ContentSql = """
        SELECT content FROM prompt_releases WHERE prompt_id = @prompt AND sha256 = @sha256
        """;

    // Words never change: what was read once is kept. There are as many as releases shipped.
    private readonly ConcurrentDictionary<(Guid Prompt, string Sha256), PromptContent> _known = new();

    /// <summary>What this server ships.</summary>
    public IReadOnlyList<ShippedWords> Own { get; } = [.. shipped.All.Select(ShippedWords.Of)];

    public ShippedWords OwnOf(Guid prompt) => Own.First(words => words.PromptId == prompt);

    /// <summary>The words for one use.</summary>
    /// <param name="unit">Who or what gets the same words each time.</param>
    public async Task<DealtWords> DealAsync(
        TenantSession session,
        Guid prompt,
        string unit,
        CancellationToken cancellationToken
    )
    {
        var own = OwnOf(prompt);
        var standing = await FindAsync(session, own, cancellationToken);
        if (standing is null || ReleaseState.IsEverybodys(standing.State))
        {
            return new DealtWords(own.Content, Release: null, IsTreated: false, Stage: 0, Exposure: 0);
        }

        var isRunning = standing.State == ReleaseState.Running;
        var isTreated = isRunning && RolloutAssignment.IsTreated(standing.ReleaseId, unit, standing.Exposure);
        return new DealtWords(
            isTreated ? own.Content : await FormerAsync(session, own, standing, cancellationToken),
            isRunning ? standing.ReleaseId : null,
            isTreated,
            standing.Stage,
            standing.Exposure
        );
    }

    /// <summary>
    /// The words that everybody has for sure: what version 1 says to an organisation that follows releases. While new ones are rolled out,
    /// those before them.
    /// </summary>
    public async Task<ShippedWords> InProductionAsync(
        TenantSession session,
        Guid prompt,
        CancellationToken cancellationToken
    )
    {
        var own = OwnOf(prompt);
        var standing = await FindAsync(session, own, cancellationToken);
        return standing is null || ReleaseState.IsEverybodys(standing.State)
            ? own
            : ShippedWords.Of(prompt, await FormerAsync(session, own, standing, cancellationToken));
    }

    /// <summary>What to tell of this server's words; null where everybody has them.</summary>
    public async Task<ReleaseNotice?> NoticeAsync(
        TenantSession session,
        Guid prompt,
        CancellationToken cancellationToken
    ) =>
        await FindAsync(session, OwnOf(prompt), cancellationToken) is { } standing
        && !ReleaseState.IsEverybodys(standing.State)
            ? new ReleaseNotice(standing.State, standing.Exposure / 100.0)
            : null;

    /// <summary>Words of this prompt that any release shipped here; null where none did.</summary>
    /// <param name="sha256">In hexadecimal.</param>
    public async Task<PromptContent?> FindAsync(
        TenantSession session,
        Guid prompt,
        string sha256,
        CancellationToken cancellationToken
    )
    {
        if (_known.TryGetValue((prompt, sha256), out var known))
        {
            return known;
        }

        return
            await session.FindAsync<string>(
                ContentSql,
                new { prompt, sha256 = Convert.FromHexString(sha256) },
                cancellationToken
            )
                is { } content
            ? _known.GetOrAdd((prompt, sha256), PromptContent.Parse(content))
            : null;
    }

    private static Task<Standing?> FindAsync(
        TenantSession session,
        ShippedWords own,
        CancellationToken cancellationToken
    ) =>
        session.FindAsync<Standing>(
            StandingSql,
            new { prompt = own.PromptId, sha256 = own.Sha256Bytes },
            cancellationToken
        );

    private async Task<PromptContent> FormerAsync(
        TenantSession session,
        ShippedWords own,
        Standing standing,
        CancellationToken cancellationToken
    ) =>
        await FindAsync(session, own.PromptId, Convert.ToHexStringLower(standing.EverybodysSha256), cancellationToken)
        ?? throw new InvalidDataException($"Release {standing.ReleaseId} has no former words.");

    private sealed class Standing
    {
        public Guid ReleaseId { get; init; }

        public string State { get; init; } = "";

        public int Exposure { get; init; }

        /// <summary>Of the words that everybody has while these are on their way, or turned back.</summary>
        public byte[] EverybodysSha256 { get; init; } = [];

        public int Stage { get; init; }
    }
}

/// <summary>Words of one of the product's prompts, with their address.</summary>
/// <param name="Canonical">What is stored and hashed.</param>
/// <param name="Sha256">In hexadecimal.</param>
internal sealed record ShippedWords(Guid PromptId, PromptContent Content, string Canonical, string Sha256)
{
    public byte[] Sha256Bytes => Convert.FromHexString(Sha256);

    public static ShippedWords Of(ShippedPrompt prompt) => Of(prompt.Id, prompt.Content);

    public static ShippedWords Of(Guid prompt, PromptContent content)
    {
        var canonical = content.ToCanonical();
        return new(prompt, content, canonical, Convert.ToHexStringLower(PromptContent.HashOf(canonical)));
    }
}
