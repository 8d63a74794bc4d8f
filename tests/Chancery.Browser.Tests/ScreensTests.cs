using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Every screen in its several states, in both themes and widths.</summary>
public sealed class ScreensTests(BrowserFixture browser)
{
    public static TheoryData<int, ColorScheme> Looks =>
        new()
        {
            { Visit.Wide, ColorScheme.Light },
            { Visit.Wide, ColorScheme.Dark },
            { Visit.Narrow, ColorScheme.Light },
            { Visit.Narrow, ColorScheme.Dark },
        };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Pages_before_the_sign_in_look_right(int width, ColorScheme theme)
    {
        await using var visit = await browser.VisitAsync(width, theme);
        visit.Expect("404 (Not Found)");
        await visit.Page.GotoAsync("/login?error=invalid-credentials&email=olga@example.com");
        await visit.AssertGoodScreenAsync("sign-in-refused");
        await visit.Page.GotoAsync("/signup");
        await visit.AssertGoodScreenAsync("sign-up");
        await visit.Page.GotoAsync("/invite?token=abc&error=invitation-gone");
        await visit.AssertGoodScreenAsync("invitation");
        var missing = await visit.Page.GotoAsync("/no/such/page");
        Assert.Equal(404, missing!.Status);
        await visit.AssertGoodScreenAsync("not-found");
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Documents_and_settings_look_right(int width, ColorScheme theme)
    {
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;
        await visit.SignUpAsync("Screens");

        await page.GotoAsync("/documents");
        await page.GetByText("No documents yet").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-empty");

        await visit.UploadAsync(
            "Guide",
            "Ready",
            Visit.TextFile("Guide.md", "# Guide\n\nThe office opens at eight.\n"),
            Visit.TextFile("Nothing to read.md", " \n"),
            new FilePayload
            {
                Name = "Far too large.pdf",
                MimeType = "application/pdf",
                Buffer = new byte[10_000_001],
            }
        );
        await visit.Row("Nothing to read").GetByText("Failed", new() { Exact = true }).WaitForAsync();
        await page.GetByText("larger than the limit of 10 MB").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-failed");

        await visit.Row("Guide").GetByRole(AriaRole.Button, new() { Name = "Actions for Guide" }).ClickAsync();
        await visit.AssertGoodScreenAsync("documents-menu");
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Details and versions" }).ClickAsync();
        await page.GetByLabel("Tags").FillAsync("office, rules");
        await page.GetByText("answers use this one").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-details");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await visit.Row("Guide").GetByText("rules", new() { Exact = true }).WaitForAsync();

        await visit.Row("Guide").GetByRole(AriaRole.Button, new() { Name = "Actions for Guide" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("“Guide” was deleted.").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-deleted");
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await visit.Row("Guide").WaitForAsync();

        await visit.Row("Guide").GetByRole(AriaRole.Link, new() { Name = "Guide" }).ClickAsync();
        await page.Locator(".text-page").WaitForAsync();
        await visit.AssertGoodScreenAsync("document-text");

        await page.GotoAsync("/settings");
        await page.GetByLabel("E-mail", new() { Exact = true }).FillAsync("vera@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "Invite" }).ClickAsync();
        await page.GetByLabel("Invitation link").WaitForAsync();
        await page.Locator("#key-name").FillAsync("Nightly import");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        Assert.StartsWith(
            "ck_",
            await page.GetByLabel("API key", new() { Exact = true }).InputValueAsync(),
            StringComparison.Ordinal
        );
        await visit.AssertGoodScreenAsync("settings");
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await visit.AssertGoodScreenAsync("account");
    }

    [Fact]
    public async Task A_chosen_theme_is_there_before_the_first_paint_and_stays()
    {
        await using var visit = await browser.VisitAsync(theme: ColorScheme.Light);
        var page = visit.Page;
        await page.GotoAsync("/login");
        await page.GetByRole(AriaRole.Radio, new() { Name = "Dark" }).CheckAsync();
        await page.ReloadAsync(new() { WaitUntil = WaitUntilState.Commit });
        await page.WaitForFunctionAsync("() => document.body");
        Assert.Equal("dark", await page.EvaluateAsync<string>("() => document.documentElement.dataset.theme"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_viewer_is_offered_nothing_that_would_be_refused()
    {
        await using var visit = await browser.VisitAsync();
        var owner = await browser.SignUpAsync("Readers");
        var viewer = await browser.InviteAsync(owner, "viewer");
        await visit.SignInAsync(viewer);
        await visit.Page.GotoAsync("/documents");
        await visit.Page.GetByText("Somebody with the role of editor").WaitForAsync();
        Assert.Equal(0, await visit.Page.Locator("#files").CountAsync());
        await visit.AssertGoodScreenAsync("documents-viewer");
        await visit.Page.GotoAsync("/settings");
        await visit.Page.Locator("#members li").First.WaitForAsync();
        Assert.Equal(0, await visit.Page.Locator("#invite, #make-key, #members select").CountAsync());
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Sign_up_sign_out_and_sign_in_work_without_script()
    {
        await using var visit = await browser.VisitAsync(script: false);
        var page = visit.Page;
        var email = await visit.SignUpAsync("Plain");
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.ArrivesAtAsync("**/login");

        await page.GotoAsync("/documents?x=1");
        Assert.Equal("/login?return_url=%2Fdocuments%3Fx%3D1", new Uri(page.Url).PathAndQuery);
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync("not the password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByText("Wrong e-mail or password").WaitForAsync();
        await page.GetByLabel("Password").FillAsync(Visit.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.ArrivesAtAsync("**/documents?x=1");
    }

    [Fact]
    public async Task An_invited_person_joins_with_the_link_that_was_shown_once()
    {
        await using var host = await browser.VisitAsync();
        await host.SignUpAsync("Inviting");
        await host.Page.GotoAsync("/settings");
        await host
            .Page.GetByLabel("E-mail", new() { Exact = true })
            .FillAsync($"ida-{Guid.CreateVersion7():n}@example.com");
        await host.Page.Locator("#invite-role").SelectOptionAsync("editor");
        await host.Page.GetByRole(AriaRole.Button, new() { Name = "Invite" }).ClickAsync();
        var link = new Uri(await host.Page.GetByLabel("Invitation link").InputValueAsync());

        await using var guest = await browser.VisitAsync();
        await guest.Page.GotoAsync(link.PathAndQuery);
        await guest.Page.GetByLabel("Your name").FillAsync("Ida Invited");
        await guest.Page.GetByLabel("Password").FillAsync("a long and lovely password");
        await guest.Page.GetByRole(AriaRole.Button, new() { Name = "Join" }).ClickAsync();
        await guest.Page.ArrivesAtAsync("**/chat");
        await guest.Page.GotoAsync("/documents");
        await guest.Page.GetByText("Upload the first one").WaitForAsync();
        guest.AssertNoComplaint();
        host.AssertNoComplaint();
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_said_and_nothing_is_lost()
    {
        await using var visit = await browser.VisitAsync();
        visit.Expect("ERR_INTERNET_DISCONNECTED");
        await visit.SignUpAsync("Offline");
        await visit.Page.Context.SetOfflineAsync(true);
        await visit.Page.GetByText("You are offline").WaitForAsync();
        await visit.Page.Locator("#question").FillAsync("Still there?");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.GetByText("Check the connection and try again").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("chat-offline");
    }
}
