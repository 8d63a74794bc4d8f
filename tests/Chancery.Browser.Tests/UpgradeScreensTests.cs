using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing.Models;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The page that makes rough prompts better.</summary>
public sealed class UpgradeScreensTests(BrowserFixture browser)
{
    private const string Rough = "write to ada@example.com how long the notice period is, keep {signature}";

    [Fact]
    public async Task A_rough_prompt_becomes_a_better_one_beside_it_is_rated_and_erased()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        await new Shelf(owner).AddReadAsync(
            "note.md",
            "# Terms\n\nThe notice period is thirty days for both parties.\n"
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Upgrade a prompt" }).ClickAsync();
        await page.GetByText("The better prompt appears here").WaitForAsync();
        await page.GetByText("Nothing yet. Only you see what you had upgraded.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("upgrade-empty", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upgrade it" }).ClickAsync();
        await page.GetByText("Write what you want, however roughly.").WaitForAsync();

        // What was typed outlives a reload.
        await page.GetByLabel("Your prompt, however rough").FillAsync(Rough);
        await page.GetByText("What was said before").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Another message" }).ClickAsync();
        await page.GetByLabel("What was said", new() { Exact = true }).FillAsync("She is our <b>landlord</b>.");
        await page.ReloadAsync();
        Assert.Equal(
            "She is our <b>landlord</b>.",
            await page.GetByLabel("What was said", new() { Exact = true }).InputValueAsync()
        );
        await page.GetByText("How", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Model", new() { Exact = true }).SelectOptionAsync("extractive");
        await visit.AssertGoodScreenAsync("upgrade-form", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upgrade it" }).ClickAsync();

        var made = page.Locator(".made pre");
        await made.WaitForAsync();
        Assert.Contains("{signature}", await made.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("ada@example.com", await made.InnerTextAsync(), StringComparison.Ordinal);
        await page.GetByText("[EMAIL_1]").WaitForAsync();
        await page.Locator("[data-part=redaction]").GetByText("Done").WaitForAsync();
        await page.Locator(".upgrades").GetByText(Rough).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("upgrade", whole: true);
        await page.GetByLabel("What changed").CheckAsync();
        await page.Locator(".made ins").First.WaitForAsync();
        await page.GetByLabel("Side by side").CheckAsync();
        await page.GetByText("As it was", new() { Exact = true }).First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("upgrade-sides", whole: true);

        await page.GetByRole(AriaRole.Button, new() { Name = "Good: this upgrade" }).ClickAsync();
        await page.GetByText("Thank you.").WaitForAsync();
        await page.GetByText("thumbs up").WaitForAsync();
        await page.ReloadAsync();
        await Assertions
            .Expect(page.GetByRole(AriaRole.Button, new() { Name = "Good: this upgrade" }))
            .ToHaveAttributeAsync("aria-pressed", "true");
        await page.Locator(".upgrades [aria-haspopup=menu]").ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Write it anew" }).ClickAsync();
        await Assertions.Expect(page.Locator("#user-prompt")).ToHaveValueAsync(Rough);
        await page.Locator(".upgrades [aria-haspopup=menu]").ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Erase" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Erase" }).ClickAsync();
        await page.GetByText("The better prompt appears here").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_result_becomes_a_version_of_a_prompt_without_what_colleagues_should_not_read()
    {
        const string text = "Write to {{name}} how long the notice period is. It is about {{topic}}.";
        const string wish = "tell kim@example.com of the notice period, about {{topic}}";
        browser.Fragments["of the notice period, about {{topic}}"] = new ScriptedReply(
            JsonSerializer.Serialize(
                new
                {
                    prompt = "Write a letter to [EMAIL_1] about {{topic}}.\nThe notice period is thirty days for both parties [1].",
                    changes = new[] { new { what = "It says the term.", why = "Nobody has to look it up." } },
                }
            )
        );
        var owner = await browser.SignUpAsync("Northwind Legal");
        await new Shelf(owner).AddReadAsync(
            "note.md",
            "# Terms\n\nThe notice period is thirty days for both parties.\n"
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/upgrade");
        await page.Locator("#user-prompt").FillAsync(wish);
        await page.GetByText("How", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Model", new() { Exact = true }).SelectOptionAsync("scripted");
        await page.GetByRole(AriaRole.Button, new() { Name = "Upgrade it" }).ClickAsync();
        await page.Locator(".made pre").WaitForAsync();
        await page.GetByText("Nobody has to look it up.").WaitForAsync();

        var button = page.GetByRole(AriaRole.Button, new() { Name = "Save as a version" });
        await button.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("It has personal data (email) and words of").WaitForAsync();
        await dialog.GetByText("Filled in at each use: topic.").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await dialog.GetByText("Give it a name.").WaitForAsync();
        await dialog.GetByText("Say that what stands there may be read.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("upgrade-save");

        // What models are shown in the place of an address says nothing to whoever uses the prompt.
        await dialog.GetByLabel("Name").FillAsync("Letter");
        await dialog.GetByLabel("What stands there now").CheckAsync();
        await dialog.GetByLabel("What a model is asked").FillAsync("Write to [EMAIL_1].");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await dialog.GetByText("[EMAIL_1] stood for personal data").WaitForAsync();
        await dialog.GetByLabel("What a model is asked").FillAsync(text);
        await dialog.GetByText("Filled in at each use: name, topic.").WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("Letter is there, and in production.").WaitForAsync();

        // The next is a version of it that nobody gets yet; one that says the same is none.
        foreach (
            var (said, told) in new[]
            {
                ("Tell {{name}} of {{topic}}.", "It is version 2 of Letter."),
                (text, "Version 1 of Letter says this already."),
            }
        )
        {
            await button.ClickAsync();
            await dialog
                .GetByLabel("Of", new() { Exact = true })
                .SelectOptionAsync(new SelectOptionValue { Label = "Letter" });
            await Assertions.Expect(dialog.GetByLabel("Name")).ToBeHiddenAsync();
            await dialog.GetByLabel("What a model is asked").FillAsync(said);
            await dialog.GetByLabel("What stands there now").CheckAsync();
            await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await page.GetByText(told).WaitForAsync();
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Show it" }).Last.ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Letter" }).WaitForAsync();
        var id = page.Url.Split('/')[^1].Split('?')[0];
        var shown = await owner.Http.GetFromJsonAsync<JsonElement>(
            $"/api/v1/prompts/{id}",
            TestContext.Current.CancellationToken
        );
        Assert.Equal(2, shown.GetProperty("prompt").GetProperty("latest").GetInt32());
        Assert.Equal(1, shown.GetProperty("prompt").GetProperty("production").GetInt32());
        var content = shown.GetProperty("version").GetProperty("content");
        Assert.Equal(text, content.GetProperty("text").GetString());
        Assert.Equal(
            ["name", "topic"],
            content.GetProperty("variables").EnumerateArray().Select(one => one.GetProperty("name").GetString())
        );
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Who_writes_no_prompts_is_offered_no_version()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        await new Shelf(owner).AddReadAsync("note.md", "# Terms\n\nThe notice period is thirty days.\n");
        var vera = await browser.InviteAsync(owner, "viewer");
        browser.Fragments["the notice period for a viewer"] = new ScriptedReply(
            """{"prompt":"State the notice period.","changes":[]}"""
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(vera);
        await page.GotoAsync("/upgrade");
        await page.Locator("#user-prompt").FillAsync("what is the notice period for a viewer");
        await page.GetByText("How", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Model", new() { Exact = true }).SelectOptionAsync("scripted");
        await page.GetByRole(AriaRole.Button, new() { Name = "Upgrade it" }).ClickAsync();

        await page.GetByText("State the notice period.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy" }).WaitForAsync();

        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Save as a version" }).CountAsync());
    }

    [Fact]
    public async Task A_refused_upgrade_keeps_what_was_typed_and_says_why()
    {
        await using var visit = await browser.VisitAsync(Visit.Narrow);
        var page = visit.Page;
        await visit.SignUpAsync("Failing");
        visit.Expect("429 (Too Many");
        visit.Expect("500 (Internal");
        await page.RouteAsync(
            "**/api/v1/upgrade",
            route =>
                route.FulfillAsync(
                    new() { Status = 429, Body = """{"title":"x","detail":"Your budget is used up."}""" }
                )
        );
        await page.RouteAsync(
            "**/api/v1/upgrades?*",
            route =>
                route.FulfillAsync(new() { Status = 500, Body = """{"title":"x","detail":"Try again in a moment."}""" })
        );
        await page.GotoAsync("/upgrade");
        await page.GetByText("Try again in a moment.").WaitForAsync();
        await page.Locator("#user-prompt").FillAsync(Rough);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upgrade it" }).ClickAsync();
        await page.GetByText("Your budget is used up.").WaitForAsync();
        Assert.Equal(Rough, await page.Locator("#user-prompt").InputValueAsync());
        await visit.AssertGoodInEveryLookAsync("upgrade-error", whole: true);
        visit.AssertNoComplaint();
    }
}
