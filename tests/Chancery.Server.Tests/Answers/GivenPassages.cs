using System.Collections.Concurrent;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Tests.Answers;

/// <summary>A search that finds what a test says, so that the test knows every character a citation can come from.</summary>
internal sealed class GivenPassages : IPassageSearch
{
    private readonly ConcurrentDictionary<Guid, IReadOnlyList<Passage>> _passages = new();

    public PassageQuery? LastQuery { get; private set; }

    public void Of(Guid tenant, params string[] texts) =>
        Of(tenant, [.. texts.Select((text, i) => Passage(text, i + 1))]);

    public void Of(Guid tenant, IReadOnlyList<Passage> passages) => _passages[tenant] = passages;

    public static Passage Passage(string text, int page = 1, string title = "Handbook") =>
        new(
            Guid.CreateVersion7(),
            Guid.CreateVersion7(),
            1,
            title,
            "handbook.pdf",
            ["hr"],
            page,
            100,
            100 + (text?.Length ?? 0),
            "",
            text!,
            [],
            10.0 / page,
            null
        );

    public Task<PassageResults> SearchAsync(TenantId tenant, PassageQuery query, CancellationToken cancellationToken)
    {
        LastQuery = query;
        var found = _passages.GetValueOrDefault(tenant.Value, []);
        return Task.FromResult(new PassageResults(PassageResults.Lexical, null, found));
    }
}
