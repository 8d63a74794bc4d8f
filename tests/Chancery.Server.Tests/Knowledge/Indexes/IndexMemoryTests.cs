using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>Indexes come and go with the memory that they may take, and take nothing of other tenants with them.</summary>
public sealed class IndexMemoryTests(IndexMemoryTests.Fixture chancery) : IClassFixture<IndexMemoryTests.Fixture>
{
    [Fact]
    public async Task Tenants_that_take_turns_in_too_little_memory_find_what_is_theirs_and_nothing_else()
    {
        var users = new List<(TestUser User, string Canary)>();
        for (var i = 0; i < 4; i++)
        {
            var user = await chancery.SignUpAsync();
            var canary = $"canary{Guid.CreateVersion7():n}";
            await user.ReadyTextAsync($"# Secret\n\nThe word of the house is {canary}, says the keeper.");
            users.Add((user, canary));
        }

        // Those are loaded first that are going to search least.
        foreach (var (user, canary) in users.Take(2))
        {
            await user.SearchAsync(canary);
        }

        await Task.WhenAll(
            users.Select(
                async (one, i) =>
                {
                    // Some search more than others, so that indexes give way.
                    for (var round = 0; round < 4 << i; round++)
                    {
                        var theirs = users[(i + round) % users.Count].Canary;
                        var own = await one.User.SearchAsync($"the word of the house {one.Canary}");
                        var foreign = await one.User.SearchAsync($"\"{theirs}\"");
                        Assert.Contains(
                            one.Canary,
                            Assert.Single(own.Results()).Text("text"),
                            StringComparison.Ordinal
                        );
                        Assert.All(
                            foreign.Results(),
                            passage => Assert.Contains(one.Canary, passage.Text("text"), StringComparison.Ordinal)
                        );
                    }
                }
            )
        );

        var numbers = chancery.Indexes.Tell();
        Assert.True(numbers.Evictions > 0, $"{numbers}");
        Assert.InRange(numbers.Loaded, 1, 2);
    }

    public sealed class Fixture : IndexFixture
    {
        // An index with next to nothing in it counts 64,000 bytes.
        internal override IndexLimits Limits => Patient with { MemoryBytes = 140_000, RoomRest = TimeSpan.Zero };
    }

    public sealed class WithoutRoom(WithoutRoom.Fixture chancery) : IClassFixture<WithoutRoom.Fixture>
    {
        [Fact]
        public async Task A_tenant_that_does_not_fit_is_searched_in_postgres_which_the_answer_says()
        {
            var user = await chancery.SignUpAsync();
            await user.ReadyTextAsync("# Large\n\nThe bustard is the heaviest of them.");

            var first = await user.SearchAsync("bustard");
            var second = await user.SearchAsync("bustard");

            Assert.Equal(("postgres", "postgres"), (first.Text("engine"), second.Text("engine")));
            Assert.Single(second.Results());
            Assert.True(chancery.Indexes.Tell().TooLarge >= 1);
        }

        public sealed class Fixture : IndexFixture
        {
            internal override IndexLimits Limits => Patient with { MemoryBytes = 100 };
        }
    }

    public sealed class WithoutPatience(WithoutPatience.Fixture chancery) : IClassFixture<WithoutPatience.Fixture>
    {
        private static CancellationToken Cancel => TestContext.Current.CancellationToken;

        [Fact]
        public async Task While_the_index_is_loaded_postgres_answers_and_says_so()
        {
            var user = await chancery.SignUpAsync();
            await user.ReadyTextAsync("# Early\n\nThe wheatear comes back in March.");

            var first = await user.SearchAsync("wheatear");
            var later = first;
            await AccessApi.EventuallyAsync(
                async () => (later = await user.SearchAsync("wheatear")).Text("engine") == "memory",
                TimeSpan.FromSeconds(30)
            );

            Assert.Equal("postgres", first.Text("engine"));
            Assert.Equal(first.Results()[0].Text("text"), Assert.Single(later.Results()).Text("text"));
        }

        [Fact]
        public async Task A_server_that_stops_does_not_wait_for_what_it_loads()
        {
            var user = await chancery.SignUpAsync();
            await user.ReadyTextAsync("# Slow\n\nThe stonechat clicks.");
            await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
            await using var lockedFor = await connection.BeginTransactionAsync(Cancel);
            await using (var command = new NpgsqlCommand("LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE", connection))
            {
                await command.ExecuteNonQueryAsync(Cancel);
            }

            // As another server has it that was just started.
            var indexes = ActivatorUtilities.CreateInstance<TenantIndexes>(chancery.Services);
            var found = await indexes.FindAsync(new TenantId(user.TenantId), "scripted", Cancel);
            var loading = indexes.Tell().Loading;
            await indexes.StopAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);

            Assert.Null(found);
            Assert.Equal((1, 0), (loading, indexes.Tell().Loading));
        }

        public sealed class Fixture : IndexFixture
        {
            internal override IndexLimits Limits => Patient with { SmallPassages = -1 };
        }
    }

    public sealed class WithoutPostgres(WithoutPostgres.Fixture chancery) : IClassFixture<WithoutPostgres.Fixture>
    {
        private static CancellationToken Cancel => TestContext.Current.CancellationToken;

        [Fact]
        public async Task Nothing_is_answered_from_an_index_of_which_nobody_can_say_whether_it_is_up_to_date()
        {
            var user = await chancery.SignUpAsync();
            await user.ReadyTextAsync("# Gone\n\nThe dotterel trusts everybody.");
            var search = chancery.Services.GetRequiredService<IPassageSearch>();
            var query = new PassageQuery("dotterel");
            var before = await search.SearchAsync(new TenantId(user.TenantId), query, Cancel);

            await chancery.LoseAsync();
            var fault = await Assert.ThrowsAnyAsync<NpgsqlException>(() =>
                search.SearchAsync(new TenantId(user.TenantId), query, Cancel)
            );
            chancery.IsGone = false;
            var after = await search.SearchAsync(new TenantId(user.TenantId), query, Cancel);

            Assert.Equal(SearchEngines.Memory, before.Engine);
            // Which the host answers with 503.
            Assert.True(fault.IsTransient, $"{fault}");
            Assert.Equal(SearchEngines.Memory, after.Engine);
            Assert.Equal(before.Passages.Single().ChunkId, after.Passages.Single().ChunkId);
        }

        public sealed class Fixture : IndexFixture
        {
            private NpgsqlDataSource? _source;

            public Fixture()
            {
                var usual = ConfigureServices!;
                ConfigureServices = services =>
                {
                    usual(services);
                    services.AddSingleton(_ => _source ??= Source());
                };
            }

            public bool IsGone { get; set; }

            public async Task LoseAsync()
            {
                IsGone = true;
                await using var end = Owner.CreateCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'chancery_app'"
                );
                await end.ExecuteNonQueryAsync(Cancel);
            }

            private NpgsqlDataSource Source()
            {
                var builder = new NpgsqlDataSourceBuilder(Storage.AppConnectionString);
                builder.UsePhysicalConnectionInitializer(_ => Check(), _ => Task.Run(Check));
                return builder.Build();
            }

            private void Check()
            {
                if (IsGone)
                {
                    throw new NpgsqlException("The database is gone.", new IOException());
                }
            }
        }
    }
}
