using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class InvitationTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string NewEmail() => $"guest-{Guid.CreateVersion7():n}@example.com";

    [Fact]
    public async Task An_invited_person_comes_in_with_the_role_once()
    {
        var olga = await chancery.SignUpAsync("Acme");
        var email = NewEmail();
        var invitation = await InviteAsync(olga, email, "editor");
        Assert.StartsWith(
            "http://localhost:8000/invite?token=",
            invitation.GetProperty("url").GetString(),
            StringComparison.Ordinal
        );

        var joined = await (await AcceptAsync(invitation, "another long password")).ReadAsync();
        var again = await AcceptAsync(invitation, "another long password");

        Assert.Equal("editor", joined.GetProperty("user").GetProperty("role").GetString());
        Assert.Equal(email, joined.GetProperty("user").GetProperty("email").GetString());
        Assert.Equal(olga.TenantId, joined.GetProperty("user").GetProperty("tenant_id").GetGuid());
        Assert.Equal("invitation-gone", await again.CodeAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_person_with_an_account_proves_it_with_their_password()
    {
        var olga = await chancery.SignUpAsync("Acme");
        var guest = await chancery.SignUpAsync("Globex");
        var invitation = await InviteAsync(olga, guest.Email, "viewer");

        var wrong = await AcceptAsync(invitation, "not their password");
        var right = await AcceptAsync(invitation, guest.Password);

        Assert.Equal("invalid-credentials", await wrong.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(2, (await right.ReadAsync()).GetProperty("tenants").GetArrayLength());
    }

    [Fact]
    public async Task Invitations_are_listed_without_their_tokens_until_accepted_or_taken_back()
    {
        var olga = await chancery.SignUpAsync();
        var taken = await InviteAsync(olga, NewEmail(), "viewer");
        var open = await InviteAsync(olga, NewEmail(), "viewer");

        var revoked = await olga.Http.DeleteAsync($"/api/v1/invitations/{IdOf(taken)}", Cancel);
        var list = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/invitations", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        var listed = Assert.Single(list.GetProperty("items").EnumerateArray());
        Assert.Equal(IdOf(open), IdOf(listed));
        Assert.False(listed.TryGetProperty("token", out _));
        Assert.Equal(HttpStatusCode.NotFound, (await AcceptAsync(taken, "another long password")).StatusCode);
    }

    [Fact]
    public async Task A_second_invitation_takes_the_place_of_the_first()
    {
        var olga = await chancery.SignUpAsync();
        var email = NewEmail();
        var first = await InviteAsync(olga, email, "viewer");
        var second = await InviteAsync(olga, email, "editor");

        var old = await AcceptAsync(first, "another long password");
        var current = await AcceptAsync(second, "another long password");

        Assert.Equal(HttpStatusCode.NotFound, old.StatusCode);
        Assert.Equal("editor", (await current.ReadAsync()).GetProperty("user").GetProperty("role").GetString());
    }

    [Fact]
    public async Task After_seven_days_an_invitation_is_over()
    {
        var clock = new MovedClock();
        var later = await chancery.StartReplicaAsync(services => AddClock(services, clock));
        var olga = await chancery.SignUpAsync();
        var invitation = await InviteAsync(olga, NewEmail(), "viewer");
        clock.Ahead = TimeSpan.FromDays(7);
        using var client = ChanceryFixture.Client(later);

        var response = await client.PostAsync(
            "/api/v1/invitations/accept",
            new { token = invitation.GetProperty("token").GetString(), password = "another long password" }
        );

        Assert.Equal("invitation-gone", await response.CodeAsync(HttpStatusCode.NotFound));
    }

    [Theory]
    [InlineData("nobody", "viewer", "email")]
    [InlineData("a@example.com", "owner", "role")]
    [InlineData("a@example.com", "", "role")]
    public async Task An_invitation_names_the_field_that_is_wrong(string email, string role, string field)
    {
        var olga = await chancery.SignUpAsync();

        var response = await olga.Http.PostAsync("/api/v1/invitations", new { email, role });

        var problem = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Fact]
    public async Task A_member_is_not_invited_again()
    {
        var olga = await chancery.SignUpAsync();

        var response = await olga.Http.PostAsync("/api/v1/invitations", new { email = olga.Email, role = "viewer" });

        Assert.Equal("already-member", await response.CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task An_editor_invites_nobody_and_nobody_takes_back_anothers_invitation()
    {
        var olga = await chancery.SignUpAsync("Acme");
        var editor = await chancery.InviteAsync(olga, "editor");
        var other = await chancery.SignUpAsync("Globex");
        var invitation = await InviteAsync(olga, NewEmail(), "viewer");
        using var anonymous = chancery.Anonymous();

        var byEditor = await editor.Http.PostAsync("/api/v1/invitations", new { email = NewEmail(), role = "viewer" });
        var byNobody = await anonymous.PostAsync("/api/v1/invitations", new { email = NewEmail(), role = "viewer" });
        var foreign = await other.Http.DeleteAsync($"/api/v1/invitations/{IdOf(invitation)}", Cancel);
        var missing = await other.Http.DeleteAsync($"/api/v1/invitations/{Guid.CreateVersion7()}", Cancel);

        Assert.Equal("forbidden", await byEditor.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("unauthenticated", await byNobody.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(
            (await missing.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString(),
            (await foreign.ReadAsync(HttpStatusCode.NotFound)).GetProperty("detail").GetString()
        );
        Assert.Equal(HttpStatusCode.OK, (await AcceptAsync(invitation, "another long password")).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_is_removed_or_no_admin_any_more_leaves_no_invitation_behind(bool isRemoved)
    {
        var olga = await chancery.SignUpAsync();
        var adam = await chancery.InviteAsync(olga, "admin");
        var invitation = await InviteAsync(adam, NewEmail(), "admin");
        var path = $"/api/v1/members/{adam.UserId}";
        using var change = isRemoved
            ? await olga.Http.DeleteAsync(path, Cancel)
            : await olga.Http.PatchAsJsonAsync(path, new { role = "editor" }, Cancel);
        Assert.True(change.IsSuccessStatusCode);

        var list = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/invitations", Cancel);
        var response = await AcceptAsync(invitation, "another long password");

        Assert.Empty(list.GetProperty("items").EnumerateArray());
        Assert.Equal("invitation-gone", await response.CodeAsync(HttpStatusCode.NotFound));
    }

    [Theory]
    [InlineData("status = 'removed'", HttpStatusCode.NotFound)]
    [InlineData("role = 'editor'", HttpStatusCode.NotFound)]
    [InlineData("role = 'admin'", HttpStatusCode.OK)]
    public async Task An_open_invitation_counts_only_while_its_inviter_may_invite(string now, HttpStatusCode expected)
    {
        var olga = await chancery.SignUpAsync();
        var adam = await chancery.InviteAsync(olga, "admin");
        var invitation = await InviteAsync(adam, NewEmail(), "viewer");
        await using (
            var command = chancery.Owner.CreateCommand(
                $"UPDATE memberships SET {now} WHERE tenant_id = '{olga.TenantId}' AND user_id = '{adam.UserId}'"
            )
        )
        {
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var response = await AcceptAsync(invitation, "another long password");

        Assert.Equal(expected, response.StatusCode);
    }

    private static Guid IdOf(JsonElement invitation) => invitation.GetProperty("id").GetGuid();

    private static void AddClock(
        Microsoft.Extensions.DependencyInjection.IServiceCollection services,
        TimeProvider clock
    ) => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton(services, clock);

    private static async Task<JsonElement> InviteAsync(TestUser by, string email, string role) =>
        await (await by.Http.PostAsync("/api/v1/invitations", new { email, role })).ReadAsync(HttpStatusCode.Created);

    private async Task<HttpResponseMessage> AcceptAsync(JsonElement invitation, string password)
    {
        using var client = chancery.Anonymous();
        return await client.PostAsync(
            "/api/v1/invitations/accept",
            new { token = invitation.GetProperty("token").GetString(), password }
        );
    }
}
