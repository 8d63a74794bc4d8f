using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class GroupTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_group_is_made_renamed_filled_emptied_and_deleted()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "viewer");
        var id = (await olga.PostAsync("/api/v1/groups", new { name = " Legal " }, HttpStatusCode.Created)).Id();

        await PutAsync(olga, $"/api/v1/groups/{id}/members/{ina.UserId}", HttpStatusCode.NoContent);
        await PutAsync(olga, $"/api/v1/groups/{id}/members/{ina.UserId}", HttpStatusCode.NoContent);
        using var renamed = await olga.Http.PatchAsJsonAsync($"/api/v1/groups/{id}", new { name = "Lawyers" }, Cancel);
        var group = await ina.GetAsync($"/api/v1/groups/{id}");
        var members = (await ina.GetAsync($"/api/v1/groups/{id}/members")).Items();

        Assert.Equal("Lawyers", group.Text("name"));
        Assert.Equal(1, group.GetProperty("members").GetInt32());
        Assert.Equal(ina.Email, Assert.Single(members).Text("email"));
        Assert.Equal(["Lawyers"], (await ina.GetAsync("/api/v1/groups")).Items().Select(one => one.Text("name")));

        using var left = await olga.Http.DeleteAsync($"/api/v1/groups/{id}/members/{ina.UserId}", Cancel);
        using var again = await olga.Http.DeleteAsync($"/api/v1/groups/{id}/members/{ina.UserId}", Cancel);
        using var gone = await olga.Http.DeleteAsync($"/api/v1/groups/{id}", Cancel);
        using var missing = await olga.Http.DeleteAsync($"/api/v1/groups/{id}", Cancel);
        Assert.Equal(
            [HttpStatusCode.NoContent, HttpStatusCode.NotFound, HttpStatusCode.NoContent, HttpStatusCode.NotFound],
            new[] { left, again, gone, missing }.Select(response => response.StatusCode)
        );
    }

    [Fact]
    public async Task Names_are_unique_in_the_organisation_and_visible()
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync("Globex");
        await olga.PostAsync("/api/v1/groups", new { name = "Legal" }, HttpStatusCode.Created);

        using var taken = await olga.Http.PostAsync("/api/v1/groups", new { name = "legal" });
        using var blank = await olga.Http.PostAsync("/api/v1/groups", new { name = "  " });
        using var elsewhere = await other.Http.PostAsync("/api/v1/groups", new { name = "Legal" });

        Assert.Equal("group-name-taken", await taken.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("invalid", await blank.CodeAsync(HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.Created, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Only_owners_and_admins_in_person_change_groups()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var id = (await olga.PostAsync("/api/v1/groups", new { name = "Legal" }, HttpStatusCode.Created)).Id();
        var (key, _) = await olga.CreateKeyAsync("admin");
        using var machine = ChanceryFixture.Client(chancery.Address);
        machine.DefaultRequestHeaders.Add("X-API-Key", key);

        using var made = await eddie.Http.PostAsync("/api/v1/groups", new { name = "Mine" });
        using var joined = await eddie.Http.PutAsync($"/api/v1/groups/{id}/members/{eddie.UserId}", null, Cancel);
        using var byKey = await machine.PutAsync($"/api/v1/groups/{id}/members/{eddie.UserId}", null, Cancel);

        Assert.Equal("forbidden", await made.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("forbidden", await joined.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("person-only", await byKey.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Nobody_of_another_organisation_is_put_into_a_group()
    {
        var olga = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync("Globex");
        var id = (await olga.PostAsync("/api/v1/groups", new { name = "Legal" }, HttpStatusCode.Created)).Id();

        await PutAsync(olga, $"/api/v1/groups/{id}/members/{other.UserId}", HttpStatusCode.NotFound);

        Assert.Equal(0, (await olga.GetAsync($"/api/v1/groups/{id}")).GetProperty("members").GetInt32());
    }

    [Fact]
    public async Task Whoever_leaves_and_comes_back_is_in_no_group_and_on_no_list()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "viewer");
        var group = (await olga.PostAsync("/api/v1/groups", new { name = "Legal" }, HttpStatusCode.Created)).Id();
        await PutAsync(olga, $"/api/v1/groups/{group}/members/{ina.UserId}", HttpStatusCode.NoContent);
        var byGroup = (await olga.UploadTextAsync("By group.")).Id();
        var byName = (await olga.UploadTextAsync("By name.")).Id();
        await SetAsync(olga, byGroup, group);
        await SetAsync(olga, byName, ina.UserId, olga.UserId);
        await ina.GetAsync($"/api/v1/docs/{byGroup}");
        await ina.GetAsync($"/api/v1/docs/{byName}");

        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{ina.UserId}", Cancel);
        var back = await RejoinAsync(olga, ina);

        await back.GetAsync($"/api/v1/docs/{byGroup}", HttpStatusCode.NotFound);
        await back.GetAsync($"/api/v1/docs/{byName}", HttpStatusCode.NotFound);
        // A list that names them anew is another one than that which they were taken out of.
        var third = (await olga.UploadTextAsync("Again.")).Id();
        await SetAsync(olga, third, ina.UserId, olga.UserId);
        await back.GetAsync($"/api/v1/docs/{third}");
        await back.GetAsync($"/api/v1/docs/{byName}", HttpStatusCode.NotFound);
    }

    private async Task<TestUser> RejoinAsync(TestUser olga, TestUser ina)
    {
        var invited = await olga.PostAsync(
            "/api/v1/invitations",
            new { email = ina.Email, role = "viewer" },
            HttpStatusCode.Created
        );
        using var anonymous = chancery.Anonymous();
        using var accepted = await anonymous.PostAsync(
            "/api/v1/invitations/accept",
            new
            {
                token = invited.Text("token"),
                password = ina.Password,
                name = "Ina",
            }
        );
        var token = (await accepted.ReadAsync(accepted.StatusCode)).Text("access_token");
        var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return ina with { Http = client, AccessToken = token };
    }

    private static async Task SetAsync(TestUser user, Guid document, params Guid[] readers)
    {
        using var response = await user.Http.PutAsJsonAsync($"/api/v1/docs/{document}/access", new { readers }, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task PutAsync(TestUser user, string path, HttpStatusCode expected)
    {
        using var response = await user.Http.PutAsync(path, null, Cancel);
        Assert.Equal(expected, response.StatusCode);
    }
}
