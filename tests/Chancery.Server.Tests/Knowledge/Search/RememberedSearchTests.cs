using System.Reflection;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Reranking;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge.Search;

/// <summary>Passages of a question that was asked before.</summary>
public sealed class RememberedSearchTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_question_is_searched_once_for_each_reader_and_each_revision()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync("Globex");
        var counting = new Counting();
        using var search = new RememberedPassageSearch(
            counting,
            chancery.Services.GetRequiredService<TenantDatabase>(),
            chancery.Services.GetRequiredService<AnswerCacheOptions>(),
            SearchEngines.Postgres
        );
        var tenant = new TenantId(user.TenantId);
        var person = Reader.As(Guid.CreateVersion7());
        async Task<int> AskedAsync(PassageQuery query, TenantId of)
        {
            var before = counting.Count;
            await search.SearchAsync(of, query, Cancel);
            return counting.Count - before;
        }

        var question = new PassageQuery("How long is it?", ForAnswer: true) { Reader = Reader.Nobody };
        Assert.Equal(1, await AskedAsync(question, tenant));
        Assert.Equal(0, await AskedAsync(question, tenant));
        Assert.Equal(1, await AskedAsync(question with { Reader = person }, tenant));
        Assert.Equal(1, await AskedAsync(question with { Reader = Reader.Everything }, tenant));
        Assert.Equal(1, await AskedAsync(question, new TenantId(other.TenantId)));
        Assert.Equal(1, await AskedAsync(question with { Tags = ["hr"] }, tenant));
        Assert.Equal(0, await AskedAsync(question with { Tags = ["hr"] }, tenant));
        // A search is none of a question's.
        Assert.Equal(1, await AskedAsync(question with { ForAnswer = false }, tenant));
        Assert.Equal(1, await AskedAsync(question with { ForAnswer = false }, tenant));

        await user.ReadyTextAsync("# Terms\n\nThe notice period is thirty days.");

        Assert.Equal(1, await AskedAsync(question, tenant));
        Assert.Equal(0, await AskedAsync(question, tenant));
        Assert.Equal(0, await AskedAsync(question, new TenantId(other.TenantId)));
    }

    [Fact]
    public void Every_part_of_a_query_makes_another_key()
    {
        var plain = new PassageQuery("Why?");
        var id = Guid.CreateVersion7();
        var now = DateTimeOffset.UnixEpoch;
        PassageQuery[] others =
        [
            plain with
            {
                Text = "why?",
            },
            plain with
            {
                Limit = 6,
            },
            plain with
            {
                Threshold = 0.5,
            },
            plain with
            {
                Documents = [id],
            },
            plain with
            {
                Tags = ["a"],
            },
            plain with
            {
                Tags = ["a", "b"],
            },
            plain with
            {
                Tags = ["ab"],
            },
            plain with
            {
                Collections = [id],
            },
            plain with
            {
                From = now,
            },
            plain with
            {
                To = now,
            },
            plain with
            {
                Explain = true,
            },
            plain with
            {
                ForAnswer = true,
            },
            plain with
            {
                WordsOnly = true,
            },
            plain with
            {
                PostgresOnly = true,
            },
            plain with
            {
                Rerank = RerankChoice.Off,
            },
            plain with
            {
                Reader = Reader.Everything,
            },
        ];
        var tenant = new TenantId(Guid.CreateVersion7());
        var revision = new RememberedPassageSearch.RevisionRow(1, Guid.CreateVersion7());
        string KeyOf(PassageQuery query) => RememberedPassageSearch.KeyOf(tenant, query, revision);

        Assert.Equal(14, typeof(PassageQuery).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length);
        Assert.Equal(others.Length + 1, others.Append(plain).Select(KeyOf).Distinct().Count());
        Assert.Equal(KeyOf(plain), KeyOf(new PassageQuery("Why?")));
        Assert.NotEqual(KeyOf(plain), RememberedPassageSearch.KeyOf(tenant, plain, revision with { Revision = 2 }));
        Assert.NotEqual(
            KeyOf(plain),
            RememberedPassageSearch.KeyOf(tenant, plain, revision with { Token = Guid.CreateVersion7() })
        );
    }

    private sealed class Counting : IPassageSearch
    {
        public int Count { get; private set; }

        public Task<PassageResults> SearchAsync(
            TenantId tenant,
            PassageQuery query,
            CancellationToken cancellationToken
        )
        {
            Count++;
            return Task.FromResult(new PassageResults(PassageResults.Lexical, null, []));
        }
    }
}
