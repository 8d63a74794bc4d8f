using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Platform;
using Chancery.Testing.Contract;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Chancery.Testing;

/// <summary>The real product on a free loopback port, with a database of its own; one per test class.</summary>
/// <remarks>Tests make their own tenants, so that they run side by side and never count rows they did not write.</remarks>
public class ChanceryFixture : IAsyncLifetime
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly List<WebApplication> _replicas = [];
    private string _database = "";

    /// <summary>Extra settings, as if from the environment. Set them in a derived fixture's constructor.</summary>
    public Dictionary<string, string?> Settings { get; } =
        new()
        {
            ["SIGNUP"] = "open",
            ["LOG_TO_FILE"] = "false",
            ["LOG_LEVEL"] = "Warning",
            // Tests sign the same person in often, and move clocks by days; those about either say so.
            ["MAX_CONCURRENT_SESSIONS"] = "0",
            ["SESSION_IDLE"] = "365d",
            ["STEP_UP_MAX_AGE"] = "365d",
            // A test that wants search by meaning says so: a model makes other rankings, and takes its time.
            ["EMBEDDING_LOCAL"] = "off",
            // What comes by the clock comes in the middle of no test; those of the schedule turn it on.
            ["SCHEDULER"] = "off",
            // All tests come from one address.
            ["RATE_LIMIT_REQUESTS"] = "1000000000",
        };

    /// <summary>Another Redis than the one that all classes share; set it in a derived fixture before it initializes.</summary>
    public string? RedisConfiguration { get; set; }

    /// <summary>Runs before the host is built: the place to replace a service by a decorator.</summary>
    public Action<IServiceCollection>? ConfigureServices { get; set; }

    public Storage Storage { get; private set; } = null!;

    /// <summary>Superuser of this class's database, past row-level security: for looking, never for the product.</summary>
    public NpgsqlDataSource Owner { get; private set; } = null!;

    /// <summary>The same with its password: for servers that are processes of their own.</summary>
    public string OwnerConnectionString { get; private set; } = "";

    /// <summary>The master key of <see cref="Storage"/>, as the setting takes it.</summary>
    public static string MasterKeyText => EngineHost.MasterKeyText;

    public WebApplication App => _replicas[0];

    /// <summary>All servers of this storage, in the order of their start.</summary>
    public IReadOnlyList<WebApplication> Servers => _replicas;

    public IServiceProvider Services => App.Services;

    public Uri Address { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        _database = $"test_{Guid.CreateVersion7():n}";
        var (owner, app) = await EngineHost.CreateDatabaseAsync(_database);
        var engines = await EngineHost.GetAsync();
        var data = Directory.CreateTempSubdirectory("chancery-data-").FullName;
        Storage = new Storage(app, RedisConfiguration ?? engines.Redis, data, EngineHost.MasterKey)
        {
            OwnerConnectionString = owner,
        };
        Owner = NpgsqlDataSource.Create(owner);
        OwnerConnectionString = owner;
        Address = await StartReplicaAsync();
    }

    /// <summary>Starts one more server on the same storage and answers its address.</summary>
    public async Task<Uri> StartReplicaAsync(Action<IServiceCollection>? configureServices = null)
    {
        var app = Program.Build(
            Storage,
            builder =>
            {
                builder.Environment.EnvironmentName = "Local";
                builder.Configuration.AddInMemoryCollection(Settings);
                builder.WebHost.UseUrls("http://127.0.0.1:0");
            },
            services =>
            {
                // Tests sign many people up; the real figure would cost each of them a tenth of a second of a core.
                services.AddSingleton(_ => new PasswordHashing(iterations: 1_000));
                ConfigureServices?.Invoke(services);
                configureServices?.Invoke(services);
            }
        );
        await app.StartAsync();
        _replicas.Add(app);
        var address = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First();
        return new Uri(address);
    }

    /// <summary>A client without a credential.</summary>
    public HttpClient Anonymous() => Client(Address);

    /// <summary>A client whose answers are held against the description of the API.</summary>
    public static HttpClient Client(Uri address) =>
        new(new DescribedAnswers(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }))
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(60),
        };

    /// <summary>Signs a new organisation up and answers its owner, signed in.</summary>
    public async Task<TestUser> SignUpAsync(string organization = "Acme")
    {
        var email = $"owner-{Guid.CreateVersion7():n}@example.com";
        const string password = "correct horse battery staple";
        using var client = Anonymous();
        var response = await client.PostAsJsonAsync(
            "/api/v1/auth/signup",
            new
            {
                email,
                password,
                name = "Olga Owner",
                organization,
            },
            Json
        );
        return await TestUser.FromAsync(this, response, email, password);
    }

    /// <summary>Invites somebody into the tenant of <paramref name="host"/> and answers them, signed in.</summary>
    public async Task<TestUser> InviteAsync(TestUser host, string role)
    {
        var email = $"{role}-{Guid.CreateVersion7():n}@example.com";
        const string password = "another long password";
        var invited = await host.Http.PostAsJsonAsync("/api/v1/invitations", new { email, role }, Json);
        invited.EnsureSuccessStatusCode();
        var token = (await invited.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
        using var client = Anonymous();
        var response = await client.PostAsJsonAsync(
            "/api/v1/invitations/accept",
            new
            {
                token,
                password,
                name = $"Ina {role}",
            },
            Json
        );
        return await TestUser.FromAsync(this, response, email, password);
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
        {
            await replica.StopAsync();
            await replica.DisposeAsync();
        }

        await Owner.DisposeAsync();
        await EngineHost.DropDatabaseAsync(_database);
        Directory.Delete(Storage.DataDirectory, recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>Somebody who is signed in.</summary>
/// <param name="Http">Carries their access token.</param>
public sealed record TestUser(
    HttpClient Http,
    string Email,
    string Password,
    Guid UserId,
    Guid TenantId,
    string AccessToken,
    string RefreshToken
)
{
    internal static async Task<TestUser> FromAsync(
        ChanceryFixture fixture,
        HttpResponseMessage response,
        string email,
        string password
    )
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {text}");
        var body = JsonSerializer.Deserialize<JsonElement>(text);
        var user = body.GetProperty("user");
        var token = body.GetProperty("access_token").GetString()!;
        var client = fixture.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new TestUser(
            client,
            email,
            password,
            user.GetProperty("id").GetGuid(),
            user.GetProperty("tenant_id").GetGuid(),
            token,
            body.GetProperty("refresh_token").GetString()!
        );
    }
}
