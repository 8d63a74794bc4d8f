using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Platform.Http;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Tests.Http;

/// <summary>
/// The collected addresses by which attackers make servers call what is nearer, at each place where an organisation or a stranger gives
/// one. Names lead inside, as an attacker's do: what the text does not tell, the connection must.
/// </summary>
public sealed class ForeignAddressTests(ForeignAddressTests.Fixture chancery)
    : IClassFixture<ForeignAddressTests.Fixture>
{
    /// <summary>Where an address is given, and whether it came to nothing. Answers what went wrong; null for nothing.</summary>
    private delegate Task<string?> Place(TestUser owner, string address);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Places => ["issuer", "webhook", "archived webhook", "client document", "document"];

    [Theory]
    [MemberData(nameof(Places))]
    public async Task No_collected_address_is_called(string place)
    {
        var olga = await chancery.SignUpAsync();
        Place run = place switch
        {
            "issuer" => IssuerAsync,
            "webhook" => WebhookAsync,
            "archived webhook" => ArchivedWebhookAsync,
            "client document" => ClientDocumentAsync,
            _ => DocumentAsync,
        };
        var addresses = OddNotations
            .Collected()
            .Concat(OddNotations.Inside6.Select(host => $"https://{host}/a"))
            .Concat(OddNotations.Of(127, 0, 0, 1).Select(host => $"https://{host}/a"))
            .Concat(OddNotations.Of(169, 254, 169, 254).Select(host => $"http://{host}/latest/meta-data/"))
            .ToList();
        Assert.True(addresses.Count > 200, "The collection was not found.");

        var wrong = new List<string>();
        foreach (var address in addresses)
        {
            if (await run(olga, address) is { } why)
            {
                wrong.Add($"{address}: {why}");
            }
        }

        Assert.Empty(wrong);
        Assert.Empty(chancery.Connected);
    }

    // An issuer is named as it stands; what its address leads to is asked when it is called.
    private static async Task<string?> IssuerAsync(TestUser owner, string address)
    {
        using var made = await owner.Http.PostAsync(
            "/api/v1/identity/issuers",
            JsonContent.Create(
                new
                {
                    label = "Issuer",
                    issuer = address,
                    client_id = "chancery",
                    algorithm = "ES256",
                    joins = true,
                }
            ),
            Cancel
        );
        if (made.StatusCode != HttpStatusCode.Created)
        {
            return made.StatusCode == HttpStatusCode.BadRequest ? null : $"answered {made.StatusCode}";
        }

        var path = $"/api/v1/identity/issuers/{(await made.ReadAsync(HttpStatusCode.Created)).Id()}";
        using var check = await owner.Http.PostAsync(new Uri($"{path}/check", UriKind.Relative), null, Cancel);
        var said = await check.ReadAsync();
        using var gone = await owner.Http.DeleteAsync(new Uri(path, UriKind.Relative), Cancel);
        return said.GetProperty("reachable").GetBoolean() ? "it was read" : null;
    }

    private static async Task<string?> WebhookAsync(TestUser owner, string address)
    {
        using var set = await owner.Http.PutAsync(
            new Uri("/api/v1/alerts/webhook", UriKind.Relative),
            JsonContent.Create(new { url = address }),
            Cancel
        );
        return set.StatusCode switch
        {
            HttpStatusCode.BadRequest => null,
            HttpStatusCode.OK => await DeliveredAsync(owner),
            var other => $"answered {other}",
        };
    }

    /// <summary>As an archive brings it, which nobody looked at.</summary>
    private async Task<string?> ArchivedWebhookAsync(TestUser owner, string address)
    {
        using var set = await owner.Http.PutAsync(
            new Uri("/api/v1/alerts/webhook", UriKind.Relative),
            JsonContent.Create(new { url = "https://example.com/a" }),
            Cancel
        );
        set.EnsureSuccessStatusCode();
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            await connection.ExecuteAsync(
                "UPDATE alert_webhooks SET url = @address WHERE tenant_id = @tenant",
                new { address, tenant = owner.TenantId }
            );
        }

        return await DeliveredAsync(owner);
    }

    private static async Task<string?> DeliveredAsync(TestUser owner)
    {
        using var tested = await owner.Http.PostAsync(
            new Uri("/api/v1/alerts/webhook/test", UriKind.Relative),
            null,
            Cancel
        );
        return tested.StatusCode != HttpStatusCode.OK ? $"the test answered {tested.StatusCode}"
            : (await tested.ReadAsync()).GetProperty("delivered").GetBoolean() ? "it was delivered"
            : null;
    }

    private async Task<string?> ClientDocumentAsync(TestUser owner, string address)
    {
        var documents = chancery.Services.GetRequiredService<ClientDocuments>();
        return documents.IsName(address) && await documents.ReadAsync(address, Cancel) is not null
            ? "it was read"
            : null;
    }

    private async Task<string?> DocumentAsync(TestUser owner, string address)
    {
        if (chancery.Services.GetRequiredService<GuardedHttp>().Rules.Check(address).Address is not null)
        {
            // Its work is in the queue; what that calls is asked here.
            try
            {
                await using var answer = await chancery
                    .Services.GetRequiredService<GuardedHttp>()
                    .GetAsync(new GuardedRequest(new Uri(address), "*/*", 1024), Cancel);
                return $"answered {answer.Status}";
            }
            catch (GuardedHttpException)
            {
                return null;
            }
        }

        using var asked = await owner.Http.PostAsync(
            new Uri("/api/v1/docs/url", UriKind.Relative),
            JsonContent.Create(new { url = address }),
            Cancel
        );
        return asked.StatusCode == HttpStatusCode.BadRequest ? null : $"answered {asked.StatusCode}";
    }

    /// <summary>A server that lives where every name leads to its cloud's metadata, and that tells of each connection that it makes.</summary>
    public sealed class Fixture : ChanceryFixture
    {
        internal ConcurrentBag<IPEndPoint> Connected { get; } = [];

        public Fixture()
        {
            Settings["LOG_LEVEL"] = "Critical";
            ConfigureServices = services =>
                services.AddSingleton(provider => new GuardedHttp(
                    provider.GetRequiredService<IOptions<GuardedHttpOptions>>(),
                    TimeProvider.System
                )
                {
                    Resolve = (_, _) =>
                        Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.Loopback]),
                    Connect = (endpoint, _) =>
                    {
                        Connected.Add(endpoint);
                        throw new System.Net.Sockets.SocketException(111);
                    },
                });
        }
    }
}
