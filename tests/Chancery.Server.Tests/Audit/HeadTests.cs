using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary>Ends of chains: signed once, by keys that anybody can check them with, and handed out.</summary>
public sealed class HeadTests(HeadTests.Fixture chancery) : IClassFixture<HeadTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_head_is_signed_when_the_chain_grew_and_long_enough_ago_and_once_by_however_many_servers()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 3);
        var store = chancery.Services.GetRequiredService<HeadStore>();
        var now = TimeProvider.System.GetUtcNow();

        var signed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.SignAsync(tenant, now, Cancel)));
        var again = await store.SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);
        await chancery.GivenEntriesAsync(tenant, 1);
        var tooSoon = await store.SignAsync(tenant, now - HeadSigning.Every, Cancel);
        var next = await store.SignAsync(tenant, TimeProvider.System.GetUtcNow().AddSeconds(1), Cancel);

        Assert.Single(signed, head => head is not null);
        Assert.Null(again);
        Assert.Null(tooSoon);
        Assert.Equal(4, next!.Seq);
        Assert.Equal([4L, 3L], (await store.ListAsync(tenant, null, 10, Cancel)).Select(head => head.Seq));
    }

    [Fact]
    public async Task A_head_is_checked_with_the_published_keys_and_is_no_token()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.RecordOfAsync(olga.TenantId);
        await chancery.Services.GetRequiredService<HeadSigning>().RunAsync(TimeSpan.Zero, Cancel);
        var listed = await (
            await olga.Http.GetAsync(new Uri("/api/v1/audit/heads", UriKind.Relative), Cancel)
        ).ReadAsync();
        var jws = listed.GetProperty("items")[0].GetProperty("jws").GetString()!;
        using var client = chancery.Anonymous();
        var current = await (
            await client.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative), Cancel)
        ).ReadAsync();
        var all = await (
            await client.GetAsync(new Uri("/.well-known/audit-keys.json", UriKind.Relative), Cancel)
        ).ReadAsync();

        Assert.True(IsSignedBy(current, jws));
        Assert.True(IsSignedBy(all, jws));
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, jws));
        Assert.Null(SignedHead.Parse(olga.AccessToken));
    }

    [Fact]
    public async Task A_head_stays_good_when_its_key_is_retired()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 2);
        var head = await chancery
            .Services.GetRequiredService<HeadStore>()
            .SignAsync(tenant, TimeProvider.System.GetUtcNow(), Cancel);

        // As the keys' own upkeep does it, long ago.
        await chancery.AsOwnerAsync(
            "UPDATE installation_keys SET retired_at = now() - interval '1 day' WHERE purpose = 'signing'"
        );
        try
        {
            await using var source = await OwnerChainSource.OpenAsync(chancery.Owner, Cancel);
            var report = await new ChainVerifier(
                new KeyHistory(chancery.Owner, EngineHost.MasterKey),
                TimeProvider.System
            ).VerifyAsync(source, tenant, [head!], Cancel);

            Assert.True(report.IsWhole, JsonSerializer.Serialize(report));
            Assert.Equal(TailState.Proven, report.Tail);
        }
        finally
        {
            await chancery.AsOwnerAsync("UPDATE installation_keys SET retired_at = NULL WHERE purpose = 'signing'");
        }
    }

    [Fact]
    public async Task A_key_that_was_put_in_anothers_place_signs_nothing()
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var jwk = SigningKeys.JwkOf(own);
        await chancery.AsOwnerAsync(
            """
            INSERT INTO installation_keys (purpose, key_id, wrapped, public_part, created_at, retired_at)
            VALUES ('signing', 'another', '\x00', @jwk::jsonb, now(), now() - interval '1 day')
            """,
            new { jwk = JsonSerializer.Serialize(jwk, ChanceryFixture.Json) }
        );

        await chancery.AsOwnerAsync(
            """
            INSERT INTO installation_keys (purpose, key_id, wrapped, public_part, created_at, retired_at)
            VALUES ('signing', @kid, '\x00', @jwk::jsonb, now(), now() - interval '1 day')
            """,
            new { kid = jwk.Kid, jwk = JsonSerializer.Serialize(jwk, ChanceryFixture.Json) }
        );

        var history = new KeyHistory(chancery.Owner, EngineHost.MasterKey);

        // Also under the id that it would have: whoever writes the table has no master key.
        Assert.Null(await history.FindAsync(jwk.Kid, Cancel));
        Assert.DoesNotContain(await history.ListAsync(Cancel), key => key.Kid == jwk.Kid);
        Assert.Null(await history.FindAsync("another", Cancel));
        Assert.Null(await history.FindAsync("none", Cancel));
    }

    [Fact]
    public async Task A_head_is_a_line_of_the_file_and_goes_to_the_webhook_until_it_is_taken()
    {
        var tenant = Guid.CreateVersion7();
        await chancery.GivenEntriesAsync(tenant, 2);
        var signing = chancery.Services.GetRequiredService<HeadSigning>();

        chancery.Refuses = true;
        await signing.RunAsync(TimeSpan.Zero, Cancel);
        chancery.Refuses = false;
        await signing.RunAsync(TimeSpan.Zero, Cancel);
        await signing.RunAsync(TimeSpan.Zero, Cancel);

        var path = chancery.Services.GetRequiredService<HeadFile>().PathOf(TimeProvider.System.GetUtcNow());
        var lines = SignedHead
            .ReadAll(await File.ReadAllTextAsync(path, Cancel))
            .Where(head => head.TenantId == tenant);
        var sent = chancery.Taken.Select(text => SignedHead.ReadAll(text)[0]).Where(head => head.TenantId == tenant);
        Assert.Equal([2L], lines.Select(head => head.Seq));
        Assert.Equal([2L], sent.Select(head => head.Seq));
        Assert.Equal(lines.Single().Jws, sent.Single().Jws);
    }

    [Fact]
    public async Task A_head_that_is_refused_keeps_neither_the_newest_of_its_chain_nor_other_chains_waiting()
    {
        var (tenant, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var store = chancery.Services.GetRequiredService<HeadStore>();
        foreach (var one in new[] { tenant, tenant, tenant, other })
        {
            await chancery.GivenEntriesAsync(one, 1);
            Assert.NotNull(await store.SignAsync(one, TimeProvider.System.GetUtcNow().AddSeconds(1), Cancel));
        }

        var signing = chancery.Services.GetRequiredService<HeadSigning>();
        chancery.IsRefused = head => head.TenantId == tenant && head.Seq == 1;
        await signing.RunAsync(HeadSigning.Every, Cancel);
        var first = (Of(tenant), Of(other));
        chancery.IsRefused = head => head.TenantId == tenant;
        await signing.RunAsync(HeadSigning.Every, Cancel);
        chancery.IsRefused = _ => false;
        await signing.RunAsync(HeadSigning.Every, Cancel);

        Assert.Equal([3L, 2L], first.Item1);
        Assert.Equal([1L], first.Item2);
        Assert.Equal([3L, 2L, 1L], Of(tenant));

        List<long> Of(Guid one) =>
            [
                .. chancery
                    .Taken.Select(text => SignedHead.ReadAll(text)[0])
                    .Where(head => head.TenantId == one)
                    .Select(head => head.Seq),
            ];
    }

    [Theory]
    [InlineData("no head at all")]
    [InlineData("""{"jws":"a.b.c"}""")]
    [InlineData("""{"other":1}""")]
    [InlineData("{")]
    [InlineData("eyJhbGciOiJub25lIiwidHlwIjoiY2hhbmNlcnktYXVkaXQtaGVhZCtqd3QifQ.e30.")]
    public void A_line_that_holds_no_head_is_named(string line)
    {
        var wrong = Assert.Throws<FormatException>(() => SignedHead.ReadAll($"\n{line}\n"));

        Assert.Contains("Line 2", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entrys_hash_is_what_the_page_says()
    {
        var entry = new AuditEntry
        {
            TenantId = Guid.Parse("00000000-0000-0000-0000-000000000001"),
            Seq = 1,
            EntryId = Guid.Parse("00000000-0000-0000-0000-000000000002"),
            At = DateTimeOffset.UnixEpoch.AddSeconds(1),
            Action = "test.happened",
            Outcome = "succeeded",
            ActorKind = "server",
            Repeats = 1,
        };
        using var bytes = new MemoryStream();
        Field("chancery-audit-entry-v1"u8);
        Field(Convert.FromHexString("00000000000000000000000000000001"));
        Field(Convert.FromHexString("0000000000000001"));
        Field(Convert.FromHexString("00000000000000000000000000000002"));
        Field(Convert.FromHexString("00000000000F4240"));
        Field("test.happened"u8);
        Field("succeeded"u8);
        Nothing(2);
        Field("server"u8);
        Nothing(6);
        Field(Convert.FromHexString("0000000000000001"));
        Nothing(3);
        Field(new byte[32]);

        Assert.Equal(
            Convert.ToHexString(SHA256.HashData(bytes.ToArray())),
            Convert.ToHexString(EntryHash.Of(entry, EntryHash.Genesis))
        );

        void Field(ReadOnlySpan<byte> value)
        {
            bytes.Write([0, 0, 0, (byte)value.Length]);
            bytes.Write(value);
        }

        void Nothing(int times)
        {
            for (var time = 0; time < times; time++)
            {
                bytes.Write([255, 255, 255, 255]);
            }
        }
    }

    private static bool IsSignedBy(JsonElement keys, string jws)
    {
        var head = SignedHead.Parse(jws)!;
        var key = keys.GetProperty("keys")
            .EnumerateArray()
            .Single(one => one.GetProperty("kid").GetString() == head.KeyId);
        using var ecdsa = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint
                {
                    X = System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty("x").GetString()),
                    Y = System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty("y").GetString()),
                },
            }
        );
        return head.IsSignedBy(ecdsa);
    }

    /// <summary>With somebody who takes heads.</summary>
    public sealed class Fixture : ChanceryFixture
    {
        private WebApplication? _keeper;

        public System.Collections.Concurrent.ConcurrentQueue<string> Taken { get; } = new();

        public bool Refuses { get; set; }

        internal Func<SignedHead, bool> IsRefused { get; set; } = _ => false;

        public override async ValueTask InitializeAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            Microsoft.AspNetCore.Hosting.HostingAbstractionsWebHostBuilderExtensions.UseUrls(
                builder.WebHost,
                "http://127.0.0.1:0"
            );
            _keeper = builder.Build();
            _keeper.MapPost(
                "/heads",
                async (HttpRequest request) =>
                {
                    using var reader = new StreamReader(request.Body);
                    var text = await reader.ReadToEndAsync();
                    if (Refuses || IsRefused(SignedHead.ReadAll(text)[0]))
                    {
                        return Results.StatusCode(503);
                    }

                    Taken.Enqueue(text);
                    return Results.NoContent();
                }
            );
            await _keeper.StartAsync();
            Settings["AUDIT_HEADS_WEBHOOK"] = $"{_keeper.Urls.First()}/heads";
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await _keeper!.DisposeAsync();
        }
    }
}
