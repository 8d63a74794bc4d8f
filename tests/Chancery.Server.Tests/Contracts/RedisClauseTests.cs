using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Redis.VectorSets;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge;
using Chancery.Server.Tests.Knowledge.Search.Conformance;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Contracts;

/// <summary>Clauses by vector sets in a real Redis 8: what is found there is what the index in memory finds, at once and for its readers only.</summary>
public sealed class RedisClauseTests : IClassFixture<RedisVectorSets>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RedisVectorSets _store;

    public RedisClauseTests(RedisVectorSets store)
    {
        Assert.SkipWhen(store.Missing is not null, store.Missing ?? "");
        _store = store;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_Redis_names_is_what_the_index_in_memory_finds()
    {
        var olga = await _store.SignUpAsync();
        await olga.DraftAsync();
        await olga.DraftAsync("An employment contract for a gardener in Hamburg");
        await EncodedAsync(olga);

        foreach (
            var query in new[] { "who may end the agreement early", "secrets of the parties", "wages", "-law court" }
        )
        {
            var there = await SearchAsync(olga, query, Service<RedisClauses>());
            var here = await SearchAsync(olga, query, null);
            Assert.NotEmpty(here.Clauses);
            Assert.Equal(PassageResults.Hybrid, there.Mode);
            // Both round what they hold, each in its way: what is about as near may change places.
            var same = here.Clauses.Take(10).Count(clause => there.Clauses.Any(one => one.ClauseId == clause.ClauseId));
            Assert.InRange(same, 9, 10);
            Assert.Equal(here.Clauses[0].ClauseId, there.Clauses[0].ClauseId);
        }
    }

    [Fact]
    public async Task A_set_has_each_clause_with_its_organisation_contract_and_id_and_follows_every_change()
    {
        var olga = await _store.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        await EncodedAsync(olga);
        await NearestAsync(olga, "anything");
        var before = await ElementsAsync(olga);

        Assert.Equal(draft.Spoken().Select(clause => clause.Id()).Order(), before.Select(one => one.Clause).Order());
        Assert.All(before, one => Assert.Equal((olga.TenantId, id), (one.Tenant, one.Contract)));

        var clause = draft.Spoken()[1].Id();
        await olga.EditAsync(id, 1, ContractApi.Replacing(clause, "The zanzibar arrangement applies."));
        await EncodedAsync(olga);
        Assert.Equal(clause, (await NearestAsync(olga, "zanzibar arrangement"))[0]);
        var after = await ElementsAsync(olga);
        Assert.Equal(before.Select(one => one.Clause).Order(), after.Select(one => one.Clause).Order());
        Assert.Single(after.Select(one => one.Element).Except(before.Select(one => one.Element)));

        using var gone = await olga.Http.DeleteAsync($"/api/v1/contracts/{id}", Cancel);
        gone.EnsureSuccessStatusCode();
        Assert.Empty(await NearestAsync(olga, "zanzibar arrangement"));
        Assert.Empty(await ElementsAsync(olga));
    }

    [Fact]
    public async Task Whoever_may_not_read_a_contract_is_given_none_of_its_clauses()
    {
        var olga = await _store.SignUpAsync();
        var eddie = await _store.InviteAsync(olga, "editor");
        var stranger = await _store.SignUpAsync("Other");
        var hidden = (await olga.DraftAsync()).ContractId();
        var open = (await olga.DraftAsync("An employment contract for a gardener")).ContractId();
        await EncodedAsync(olga);
        using var set = await olga.Http.PutAsync(
            $"/api/v1/contracts/{hidden}/access",
            JsonContent.Create(new { readers = new[] { olga.UserId } }),
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, set.StatusCode);

        Assert.NotEmpty(await NearestAsync(eddie, "confidential information", only: [hidden, open]));
        Assert.Equal(
            [open],
            (await SearchAsync(eddie, "confidential information", Service<RedisClauses>()))
                .Clauses.Select(clause => clause.ContractId)
                .Distinct()
        );
        Assert.Empty(await NearestAsync(eddie, "confidential information", only: [hidden]));
        Assert.Empty((await stranger.PostAsync("/api/v1/contracts/search", new { query = "confidential" })).Results());
    }

    [Fact]
    public async Task Whatever_Redis_loses_is_made_again_and_nobody_notices()
    {
        var olga = await _store.SignUpAsync();
        await olga.DraftAsync();
        await EncodedAsync(olga);
        var before = await NearestAsync(olga, "who may end the agreement early");

        await _store.Redis!.RestartAsync();
        var meanwhile = await olga.PostAsync(
            "/api/v1/contracts/search",
            new { query = "who may end the agreement early" }
        );
        Assert.Equal("hybrid", meanwhile.Text("mode"));
        Assert.NotEmpty(meanwhile.Results());
        Assert.Equal(before, await NearestAsync(olga, "who may end the agreement early"));

        await RunAsync("return {redis.call('DEL', KEYS[1]) and 'ok'}", [(await SetOfAsync(olga)) + ":groups"]);
        Assert.Equal(before, await NearestAsync(olga, "who may end the agreement early"));
        Assert.Equal(before.Count, (await ElementsAsync(olga)).Length);
    }

    [Fact]
    public async Task A_search_that_looked_before_another_brought_the_set_on_is_answered_by_it_and_fills_nothing()
    {
        var olga = await _store.SignUpAsync();
        var tenant = new TenantId(olga.TenantId);
        var id = (await olga.DraftAsync()).ContractId();
        await EncodedAsync(olga);
        var late = new LateSource(Service<ClauseVectorSource>());
        late.First = await late.PositionAsync(tenant, Cancel);
        var clause = (await olga.GetAsync($"/api/v1/contracts/{id}")).Spoken()[1].Id();
        await olga.EditAsync(id, 1, ContractApi.Replacing(clause, "The zanzibar arrangement applies."));
        await EncodedAsync(olga);
        await NearestAsync(olga, "zanzibar arrangement");

        late.IsLate = true;
        var found = await Service<VectorSets>()
            .FindAsync(
                late,
                tenant,
                SearchBackEnd.ModelName,
                Chancery.Testing.Models.HashedWords.Embed("zanzibar arrangement", _store.Model.Dimensions),
                null,
                100,
                Cancel
            );

        Assert.Equal(clause, ClauseVectorSource.ClauseOf(found!.Ids[0]));
        Assert.False(late.IsLate);
        Assert.False(late.IsRead);
    }

    [Fact]
    public async Task Nobody_writes_to_a_set_that_moved_since_they_looked_or_lost_a_part()
    {
        var olga = await _store.SignUpAsync();
        await olga.DraftAsync();
        await EncodedAsync(olga);
        var before = await NearestAsync(olga, "who may end the agreement early");
        var source = Service<ClauseVectorSource>();
        var tenant = new TenantId(olga.TenantId);
        var at = (await source.PositionAsync(tenant, Cancel))!;
        var set = new VectorSet(
            Service<RedisGateway>(),
            source,
            tenant,
            SearchBackEnd.ModelName,
            _store.Model.Dimensions
        );

        Assert.Null(await set.LeaseAsync(null));
        Assert.Null(await set.LeaseAsync(at with { Revision = at.Revision - 1 }));
        Assert.Null(await set.LeaseAsync(at with { Token = Guid.CreateVersion7() }));
        var owner = await set.LeaseAsync(at);
        Assert.NotNull(owner);
        Assert.Null(await set.LeaseAsync(at));

        await RunAsync("return {redis.call('DEL', KEYS[1]) and 'ok'}", [(await SetOfAsync(olga)) + ":groups"]);
        await Assert.ThrowsAsync<VectorSetException>(() => set.AddAsync(owner, []));
        await Assert.ThrowsAsync<VectorSetException>(() => set.EndAsync(owner, at));
        await set.ReleaseAsync(owner);
        Assert.Equal(before, await NearestAsync(olga, "who may end the agreement early"));
        Assert.Equal(before.Count, (await ElementsAsync(olga)).Length);
    }

    private T Service<T>()
        where T : notnull => _store.Services.GetRequiredService<T>();

    /// <summary>Who asks, as the server takes them from their credential.</summary>
    private async Task<Principal> PrincipalOfAsync(TestUser user)
    {
        await using var session = await Service<TenantDatabase>().OpenAsync(new TenantId(user.TenantId), Cancel);
        return (await PeopleStore.FindMemberAsync(session, user.UserId, Cancel))!;
    }

    private async Task<ClauseResults> SearchAsync(TestUser user, string query, RedisClauses? redis) =>
        await new ClauseSearch(
            Service<ClauseIndexes>(),
            Service<TenantDatabase>(),
            Service<TenantModels>(),
            Service<QueryEmbedder>(),
            TimeProvider.System,
            redis
        ).SearchAsync(await PrincipalOfAsync(user), query, new ContractFilter(), null, 20, false, Cancel);

    /// <summary>By Redis alone; waits until it can answer.</summary>
    private async Task<IReadOnlyList<Guid>> NearestAsync(TestUser user, string query, params Guid[] only)
    {
        var principal = await PrincipalOfAsync(user);
        IReadOnlyList<Guid>? found = null;
        await AccessApi.EventuallyAsync(
            async () =>
            {
                var ranked = await Service<RedisClauses>()
                    .FindAsync(
                        principal,
                        SearchBackEnd.ModelName,
                        Chancery.Testing.Models.HashedWords.Embed(query, _store.Model.Dimensions),
                        only is [] ? null : only,
                        100,
                        Cancel
                    );
                found = ranked?.Select(one => one.PassageId).ToArray();
                return found is not null;
            },
            Patience
        );
        return found!;
    }

    private Task<TimeSpan> EncodedAsync(TestUser user) =>
        AccessApi.EventuallyAsync(
            async () =>
            {
                await using var session = await Service<TenantDatabase>()
                    .OpenAsync(new TenantId(user.TenantId), Cancel);
                return !await session.FindAsync<bool>(
                    """
                    SELECT EXISTS (SELECT 1 FROM contract_clauses AS k
                    JOIN contracts AS c ON c.tenant_id = k.tenant_id AND c.contract_id = k.contract_id AND c.deleted_at IS NULL
                    WHERE NOT EXISTS (SELECT 1 FROM contract_vectors AS v
                      WHERE v.tenant_id = k.tenant_id AND v.contract_id = k.contract_id AND v.sha256 = k.sha256))
                    """,
                    null,
                    Cancel
                );
            },
            Patience
        );

    private async Task<string> SetOfAsync(TestUser user) =>
        (await RunAsync("return redis.call('KEYS', ARGV[1])", [], $"{{{user.TenantId}}}:clauses:*:at")).Single()[
            ..^":at".Length
        ];

    private async Task<(string Element, Guid Clause, Guid Contract, Guid Tenant)[]> ElementsAsync(TestUser user)
    {
        var flat = await RunAsync(
            """
            local all = {}
            if redis.call('EXISTS', KEYS[1]) == 0 then return all end
            local size = redis.call('VCARD', KEYS[1])
            for _, id in ipairs(redis.call('VRANDMEMBER', KEYS[1], size)) do
              all[#all + 1] = id
              all[#all + 1] = redis.call('VGETATTR', KEYS[1], id)
            end
            return all
            """,
            [await SetOfAsync(user)]
        );
        return
        [
            .. flat.Chunk(2)
                .Select(pair =>
                {
                    using var attributes = JsonDocument.Parse(pair[1]);
                    var root = attributes.RootElement;
                    return (
                        pair[0],
                        root.GetProperty("clause").GetGuid(),
                        root.GetProperty("contract").GetGuid(),
                        root.GetProperty("tenant").GetGuid()
                    );
                }),
        ];
    }

    private async Task<string[]> RunAsync(string script, string[] keys, params object[] arguments) =>
        await Service<RedisGateway>().RunAsync(script, keys, arguments) ?? [];

    /// <summary>Says once where the organisation was before.</summary>
    private sealed class LateSource(ClauseVectorSource source) : IVectorSource
    {
        public VectorSetPosition? First { get; set; }

        public bool IsLate { get; set; }

        public bool IsRead { get; private set; }

        public string Kind => source.Kind;

        public string GroupAttribute => source.GroupAttribute;

        public int MostGroups => source.MostGroups;

        public int MostVectors => source.MostVectors;

        public Task<VectorSetPosition?> PositionAsync(TenantId tenant, CancellationToken cancellationToken)
        {
            var isLate = IsLate;
            IsLate = false;
            return isLate ? Task.FromResult(First) : source.PositionAsync(tenant, cancellationToken);
        }

        public Task<VectorChanges?> ChangesAsync(
            TenantId tenant,
            VectorSetPosition from,
            VectorSetPosition until,
            CancellationToken cancellationToken
        ) => source.ChangesAsync(tenant, from, until, cancellationToken);

        public Task<IReadOnlyList<VectorSetItem>> ItemsAsync(
            VectorSet set,
            IReadOnlyList<Guid>? groups,
            VectorSetItem? after,
            int most,
            CancellationToken cancellationToken
        )
        {
            IsRead = true;
            return source.ItemsAsync(set, groups, after, most, cancellationToken);
        }
    }
}
