using System.Net;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class SessionListTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Sessions = "/api/v1/me/sessions";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_sees_their_own_sign_ins_newest_first_page_by_page()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.InviteAsync(olga, "admin");
        using var phone = await SignInAsync(olga, "Phone/1.0");
        using var laptop = await SignInAsync(olga, "Laptop/2.0");

        var first = await ListAsync(laptop, "?limit=2");
        var rest = await ListAsync(laptop, $"?limit=2&cursor={first.GetProperty("next_cursor").GetString()}");
        var refused = await (await laptop.GetAsync($"{Sessions}?cursor=x", Cancel)).CodeAsync(
            HttpStatusCode.BadRequest
        );

        Assert.Equal(["Laptop/2.0", "Phone/1.0"], Items(first).Select(one => one.GetProperty("device").GetString()));
        Assert.Equal([true, false], Items(first).Select(one => one.GetProperty("is_current").GetBoolean()));
        Assert.Single(Items(rest));
        Assert.False(rest.TryGetProperty("next_cursor", out _));
        Assert.NotNull(refused);
    }

    [Fact]
    public async Task One_sign_in_is_ended_and_only_by_its_person()
    {
        var olga = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(olga, "admin");
        var stranger = await chancery.SignUpAsync("Elsewhere");
        using var phone = await SignInAsync(olga, "Phone/1.0");
        var id = await CurrentAsync(phone);

        foreach (var other in new[] { colleague, stranger })
        {
            await (await other.Http.DeleteAsync($"{Sessions}/{id}", Cancel)).CodeAsync(HttpStatusCode.NotFound);
        }

        await MeAsync(phone, HttpStatusCode.OK);
        await (await olga.Http.DeleteAsync($"{Sessions}/{id}", Cancel)).ReadAsync(HttpStatusCode.NoContent);
        await MeAsync(phone, HttpStatusCode.Unauthorized);
        await (await olga.Http.DeleteAsync($"{Sessions}/{id}", Cancel)).CodeAsync(HttpStatusCode.NotFound);

        // One's own present one is signing out.
        var own = await CurrentAsync(olga.Http);
        await (await olga.Http.DeleteAsync($"{Sessions}/{own}", Cancel)).ReadAsync(HttpStatusCode.NoContent);
        await MeAsync(olga.Http, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task All_others_end_and_this_one_and_the_keys_stay()
    {
        var olga = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(olga, "admin");
        var (key, _) = await olga.CreateKeyAsync("admin");
        using var phone = await SignInAsync(olga, "Phone/1.0");

        await (await phone.DeleteAsync(Sessions, Cancel)).ReadAsync(HttpStatusCode.NoContent);

        await MeAsync(olga.Http, HttpStatusCode.Unauthorized);
        await MeAsync(phone, HttpStatusCode.OK);
        await MeAsync(colleague.Http, HttpStatusCode.OK);
        Assert.Single(Items(await ListAsync(phone)));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, key));
        using var program = chancery.Anonymous();
        program.DefaultRequestHeaders.Add("X-API-Key", key);
        Assert.Equal(
            "person-only",
            await (await program.GetAsync(Sessions, Cancel)).CodeAsync(HttpStatusCode.Forbidden)
        );
    }

    private async Task<HttpClient> SignInAsync(TestUser user, string device)
    {
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.UserAgent.ParseAdd(device);
        var signedIn = await (
            await client.PostAsync("/api/v1/auth/login", new { email = user.Email, password = user.Password })
        ).ReadAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", signedIn.GetProperty("access_token").GetString());
        return client;
    }

    private static async Task<JsonElement> ListAsync(HttpClient client, string query = "") =>
        await (await client.GetAsync(Sessions + query, Cancel)).ReadAsync();

    private static List<JsonElement> Items(JsonElement list) => [.. list.GetProperty("items").EnumerateArray()];

    private static async Task<Guid> CurrentAsync(HttpClient client) =>
        Items(await ListAsync(client))
            .Single(one => one.GetProperty("is_current").GetBoolean())
            .GetProperty("id")
            .GetGuid();

    private static async Task MeAsync(HttpClient client, HttpStatusCode expected)
    {
        using var response = await client.GetAsync("/api/v1/me", Cancel);
        Assert.Equal(expected, response.StatusCode);
    }
}
