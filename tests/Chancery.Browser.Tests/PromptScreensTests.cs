using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The screens of prompts: the list, one with its versions, the form of a version, rollouts.</summary>
public sealed class PromptScreensTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_editor_writes_a_prompt_changes_it_compares_both_and_fills_one_in()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Northwind Legal");
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Prompts" }).ClickAsync();
        await page.GetByText("No prompts of your own yet").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "contract-draft" }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompts-empty", whole: true);

        await page.GetByRole(AriaRole.Link, new() { Name = "New prompt" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Newsletter");
        await page.GetByLabel("What it is for").FillAsync("Sums the week up for subscribers.");
        await page.Locator("#system").FillAsync("You write for a newsletter.");
        await page.GetByLabel("Text", new() { Exact = true })
            .FillAsync("Sum up {{topic}} in a {{tone}} tone. <b>Bold</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Write it" }).ClickAsync();
        visit.Expect("400 (Bad Request)");
        await page.GetByText("stands in text and is not declared").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Declare topic" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Declare tone" }).ClickAsync();
        var tone = page.Locator(".declared > li").Nth(1);
        await tone.GetByLabel("Type").SelectOptionAsync("choice");
        await tone.GetByLabel("Choices").FillAsync("plain, warm");
        await tone.GetByLabel("When left out").FillAsync("plain");
        await page.Locator("#fill-topic").FillAsync("spring");
        await page.Locator("aside pre")
            .Filter(new() { HasText = "Sum up spring in a plain tone. <b>Bold</b>" })
            .WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompt-new", whole: true);

        // What was typed outlives a reload.
        await page.ReloadAsync();
        await page.GetByText("What you typed before is here.").WaitForAsync();
        Assert.Equal("You write for a newsletter.", await page.Locator("#system").InputValueAsync());
        Assert.Equal("Newsletter", await page.Locator("#name").InputValueAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Write it" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Newsletter" }).WaitForAsync();
        await page.GetByText("It was not used yet.").WaitForAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "New version" }).ClickAsync();
        await page.GetByText("Begins with version 1.").WaitForAsync();
        await page.Locator("#system").FillAsync("You write for a daily newsletter, in three sentences.");
        await page.GetByLabel("Temperature").FillAsync("0.3");
        await page.GetByLabel("What changes, and why").FillAsync("Readers asked for less");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save as a new version" }).ClickAsync();
        await page.Locator(".diff ins").First.WaitForAsync();
        Assert.Equal(
            ["daily ", ", in three sentences"],
            await page.Locator(".diff-row").First.Locator("ins").AllTextContentsAsync()
        );
        Assert.Equal(0, await page.Locator(".diff-row").First.Locator("del").CountAsync());
        await page.GetByText("Readers asked for less").WaitForAsync();
        await page.GetByLabel("Side by side").CheckAsync();
        await page.Locator(".diff.in-sides").WaitForAsync();
        Assert.Equal("You write for a newsletter.", await page.Locator(".diff-text.from").First.TextContentAsync());
        await visit.AssertGoodInEveryLookAsync("prompt-sides", whole: true);
        await page.GetByLabel("In one text").CheckAsync();
        await visit.AssertGoodScreenAsync("prompt-inline");
        await page.ReloadAsync();
        await page.Locator(".diff ins").First.WaitForAsync();
        await page.GetByLabel("One version").CheckAsync();

        // As a program gets it.
        await page.GetByRole(AriaRole.Button, new() { Name = "Fill it in" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fill in" }).ClickAsync();
        await dialog.GetByText("It has to be given.").WaitForAsync();
        await dialog.GetByLabel("topic").FillAsync("{{tone}} & spring");
        await dialog.GetByLabel("tone").SelectOptionAsync("warm");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Fill in" }).ClickAsync();
        await dialog.GetByText("Sum up {{tone}} & spring in a warm tone. <b>Bold</b>").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompt-try");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await page.ReloadAsync();
        await page.GetByText("Not told yet").First.WaitForAsync();

        // A label of their own, moved and taken away.
        await page.GetByRole(AriaRole.Button, new() { Name = "Another label" }).ClickAsync();
        await dialog.GetByLabel("Name").FillAsync("Staging!");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add it" }).ClickAsync();
        await dialog.GetByText("It has lower-case letters").WaitForAsync();
        await dialog.GetByLabel("Name").FillAsync("staging");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add it" }).ClickAsync();
        await page.GetByText("staging points at version 2.").WaitForAsync();
        await page.Locator(".moves summary").ClickAsync();
        await page.Locator(".moves li").Filter(new() { HasText = "staging: to 2" }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompt", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Take staging away" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Take it away" }).ClickAsync();
        await page.GetByText("staging is gone.").WaitForAsync();

        await page.GotoAsync("/prompts?q=letter");
        await page.GetByRole(AriaRole.Link, new() { Name = "Newsletter" }).WaitForAsync();
        Assert.Equal(1, await page.Locator(".prompt").CountAsync());
        await page.GetByText("Version 2 waits").WaitForAsync();
        await page.Locator("#q").FillAsync("nothing of the kind");
        await page.GetByText("No prompt matches").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await visit.AssertGoodInEveryLookAsync("prompts-list", whole: true);

        // Taken out, and brought in where nothing of it is new.
        await page.GetByRole(AriaRole.Button, new() { Name = "More about prompts" }).ClickAsync();
        var file = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Menuitem, new() { Name = "Export" }).ClickAsync()
        );
        await page.GetByRole(AriaRole.Button, new() { Name = "More about prompts" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Import" }).ClickAsync();
        await dialog.GetByLabel("A file that was exported").SetInputFilesAsync(await file.PathAsync());
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Import" }).ClickAsync();
        await page.GetByText("0 versions came in.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_rollout_of_answers_is_begun_with_a_judge_and_its_page_says_what_that_decides()
    {
        var owner = await browser.SignUpAsync("Judging");
        var list = await owner.Http.GetFromJsonAsync<JsonElement>("/api/v1/prompts", Cancel);
        var id = list.GetProperty("items")
            .EnumerateArray()
            .Single(one => one.GetProperty("name").GetString() == "answer")
            .GetProperty("id")
            .GetString();
        using var added = await owner.Http.PostAsJsonAsync(
            $"/api/v1/prompts/{id}/versions",
            new { content = new { system = "Answer shortly from what stands between {{boundary}}.", text = "" } },
            Cancel
        );
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await visit.SignInAsync(owner);

        await page.GotoAsync($"/prompts/{id}/rollout");
        var share = page.GetByLabel("Of the answers, in percent");
        await share.WaitForAsync();
        // The daily rule has no use for it.
        await page.GetByLabel("Rule").SelectOptionAsync("daily_error_rate");
        await Assertions.Expect(share).ToBeHiddenAsync();
        await page.GetByLabel("Rule").SelectOptionAsync("sequential");
        await share.FocusAsync();
        await keys.TypeAsync("20");
        await keys.PressAsync("Enter");
        await page.GetByText("Say what it may cost in a day.").WaitForAsync();
        await Assertions.Expect(page.GetByLabel("Costs at most, in dollars a day")).ToBeFocusedAsync();
        await visit.AssertGoodInEveryLookAsync("rollout-judge-form", whole: true);
        await keys.TypeAsync("5");
        await keys.PressAsync("Enter");

        await page.GetByText(
                "A model judges 20 % of the answers of the version that fewer people have, and as many of the other one, for at most 5 dollars a day. In this stage it gave too few scores"
            )
            .WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("rollout-judged", whole: true);
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task What_somebody_else_did_meanwhile_is_shown_and_nothing_is_overwritten()
    {
        var owner = await browser.SignUpAsync("Conflicting");
        var id = await PromptAsync(owner, 2);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        visit.Expect("409 (Conflict)");

        // A label that was moved since it was looked at.
        await page.GotoAsync($"/prompts/{id}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Move production" }).ClickAsync();
        await PutAsync(owner, $"/api/v1/prompts/{id}/labels/production", new { version = 2 });
        await AddAsync(owner, id, 3);
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Points at").SelectOptionAsync("1");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Move it" }).ClickAsync();
        await dialog.GetByText("You saw version 1; it points at version 2 now.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompt-label-conflict");
        Assert.Equal(2, await ProductionAsync(owner, id));
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Move it all the same" }).ClickAsync();
        await page.GetByText("production points at version 1.").WaitForAsync();
        Assert.Equal(1, await ProductionAsync(owner, id));

        // A version that came while another was written.
        await page.GotoAsync($"/prompts/{id}/edit");
        await page.GetByText("Begins with version 3.").WaitForAsync();
        await page.Locator("#system").FillAsync("Mine.");
        await AddAsync(owner, id, 4);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save as a new version" }).ClickAsync();
        await page.GetByText("Somebody wrote a version meanwhile").WaitForAsync();
        Assert.Equal("Mine.", await page.Locator("#system").InputValueAsync());
        await visit.AssertGoodInEveryLookAsync("prompt-version-conflict");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save mine after version 4" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Version 5" }).WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_rollout_is_begun_watched_moved_on_and_rolled_back()
    {
        var owner = await browser.SignUpAsync("Rolling");
        var id = await PromptAsync(owner, 3);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync($"/prompts/{id}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Roll out version 2" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Roll a version out" }).WaitForAsync();
        await page.GetByText("Steps: 1, 5, 25, 50 and 100 %").ClickAsync();
        Assert.Equal("2", await page.Locator("#start-version").InputValueAsync());
        await page.Locator("#start-why").FillAsync("Shorter");
        var steps = page.Locator(".stage-fields li");
        await steps.Nth(0).GetByLabel("Percent").FillAsync("40");
        await steps.Nth(1).GetByLabel("Percent").FillAsync("60");
        await steps.Nth(2).GetByRole(AriaRole.Button, new() { Name = "Take this step away" }).ClickAsync();
        await steps.Nth(2).GetByRole(AriaRole.Button, new() { Name = "Take this step away" }).ClickAsync();
        await visit.AssertGoodInEveryLookAsync("rollout-start", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll it out" }).ClickAsync();
        await page.GetByText("Nothing was counted yet").WaitForAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();

        // Figures come by themselves.
        await page.GetByRole(AriaRole.Button, new() { Name = "Dismiss this note" }).ClickAsync();
        await UseAsync(owner, id, 60, 12);
        await page.Locator("[data-metric=error]").WaitForAsync();
        await Assertions.Expect(page.Locator("[data-metric=error]")).ToContainTextAsync("of ");
        await visit.AssertGoodInEveryLookAsync("rollout-running", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Next step" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on", Exact = true }).ClickAsync();
        await page.GetByText("It goes to 60 %.").WaitForAsync();
        await page.Locator("li[aria-current=step]").Filter(new() { HasText = "60 %" }).WaitForAsync();

        await page.GotoAsync("/prompts");
        await page.GetByText("Version 2 at 60 %").WaitForAsync();
        await visit.AssertGoodScreenAsync("prompts-rolling");
        await page.GotoAsync($"/prompts/{id}");
        await page.GetByText("Rolled out to 60 %").First.WaitForAsync();
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Move production" }).CountAsync());
        await visit.AssertGoodInEveryLookAsync("prompt-rolling");
        await page.GetByRole(AriaRole.Link, new() { Name = "See how it does" }).ClickAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back", Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Why").FillAsync("Too <i>short</i>");
        await visit.AssertGoodScreenAsync("rollout-back-question");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).ClickAsync();
        await page.GetByText("Everybody gets version 1 again.").WaitForAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "It was rolled back" }).WaitForAsync();
        await page.GetByText("Too <i>short</i>").First.WaitForAsync();
        Assert.Equal(1, await ProductionAsync(owner, id));
        await visit.AssertGoodInEveryLookAsync("rollout-back", whole: true);

        // The same version does not try again unless somebody says so.
        visit.Expect("409 (Conflict)");
        await page.Locator("#start-version").SelectOptionAsync("2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll it out" }).ClickAsync();
        await page.GetByText("It did harm, or somebody thought so.").WaitForAsync();
        await page.GetByLabel("Try it once more").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll it out" }).ClickAsync();
        await page.GetByText("Version 2 goes to 1 %.").WaitForAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Rollouts before" }).WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_version_is_asked_the_questions_of_a_dataset_and_a_gate_holds_back_what_was_not()
    {
        var owner = await browser.SignUpAsync("Gated");
        var variables = new[] { new { name = "topic" } };
        var made = await PostAsync(
            owner,
            "/api/v1/prompts",
            new
            {
                name = "Asked",
                content = new
                {
                    system = "One.",
                    text = "{{topic}}",
                    variables,
                },
            }
        );
        var id = made.GetProperty("prompt").GetProperty("id").GetGuid();
        await PostAsync(
            owner,
            $"/api/v1/prompts/{id}/versions",
            new
            {
                content = new
                {
                    system = "Two.",
                    text = "{{topic}}",
                    variables,
                },
            }
        );
        var dataset = await PostAsync(
            owner,
            "/api/v1/eval/datasets",
            new
            {
                name = "Questions of tests",
                questions = new[] { new { question = "What is known?", expected_answers = new[] { "know" } } },
            }
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync($"/evaluation/datasets/{dataset.GetProperty("id").GetGuid()}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask the questions" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("What is asked").SelectOptionAsync("prompt");
        await dialog.GetByLabel("Model", new() { Exact = true }).SelectOptionAsync("scripted");
        await dialog.GetByLabel("Version of the prompt").FillAsync("2");
        await visit.AssertGoodInEveryLookAsync("evaluation-prompt");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Ask them" }).ClickAsync();
        await page.GetByText("Prompt Asked, version 2").WaitForAsync();
        await page.GetByText("Done", new() { Exact = true }).WaitForAsync();

        await page.GotoAsync($"/prompts/{id}/rollout");
        await page.GetByText("No gate", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Set a gate" }).ClickAsync();
        await dialog.GetByLabel("A score may fall by at most").FillAsync("0.1");
        await dialog.GetByLabel("An answer may cost at most, in dollars").FillAsync("0.02");
        await dialog.GetByLabel("Questions that must have an answer at least").FillAsync("0.8");
        await visit.AssertGoodInEveryLookAsync("rollout-gate-form");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Set it" }).ClickAsync();
        await page.GetByText("Not evaluated yet").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("rollout-gate", whole: true);
        var set = await owner.Http.GetFromJsonAsync<JsonElement>(
            $"/api/v1/prompts/{id}/gate",
            TestContext.Current.CancellationToken
        );
        Assert.Equal(0.02, set.GetProperty("gate").GetProperty("most_cost_usd").GetDouble());
        Assert.Equal(0.8, set.GetProperty("gate").GetProperty("least_coverage").GetDouble());
        visit.Expect("409 (Conflict)");
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll it out" }).ClickAsync();
        await page.Locator("#start-form [role=alert]").WaitForAsync();
        await page.GetByLabel("Begin without passing the gate").CheckAsync();
        await page.Locator("#start-why").FillAsync("Urgent");
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll it out" }).ClickAsync();
        await page.GetByText("Version 2 goes to 1 %.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Words_of_a_release_are_kept_from_the_menu_of_their_prompt()
    {
        var owner = await browser.SignUpAsync("Keeping");
        var shipped = await owner.Http.GetFromJsonAsync<JsonElement>(
            "/api/v1/prompts?q=upgrade-history",
            TestContext.Current.CancellationToken
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync($"/prompts/{shipped.GetProperty("items")[0].GetProperty("id").GetGuid()}");
        var menu = page.GetByRole(AriaRole.Button, new() { Name = "More about this prompt" });

        await menu.ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Keep these words" }).ClickAsync();
        await page.GetByText("A later release of Chancery may say it in others.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompt-keep");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Keep them" }).ClickAsync();
        await page.GetByText("Releases leave it as it is.").WaitForAsync();
        await menu.ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Back to what was shipped" }).WaitForAsync();

        Assert.Equal(0, await page.GetByRole(AriaRole.Menuitem, new() { Name = "Keep these words" }).CountAsync());
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task What_cannot_be_read_or_is_not_there_says_so()
    {
        var owner = await browser.SignUpAsync("Failing");
        var id = await PromptAsync(owner, 1);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        visit.Expect("500 (Internal");
        visit.Expect("404 (Not Found)");
        await page.RouteAsync(
            "**/api/v1/prompts**",
            route =>
                route.FulfillAsync(new() { Status = 500, Body = """{"title":"x","detail":"Try again in a moment."}""" })
        );
        await page.GotoAsync("/prompts");
        await page.GetByText("Try again in a moment.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("prompts-error");
        foreach (var place in new[] { $"/prompts/{id}", $"/prompts/{id}/edit", $"/prompts/{id}/rollout" })
        {
            await page.GotoAsync(place);
            await page.GetByText("Try again in a moment.").WaitForAsync();
        }

        await page.UnrouteAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByText("There is nothing to roll out").WaitForAsync();
        await visit.AssertGoodScreenAsync("rollout-nothing");
        var missing = Guid.CreateVersion7();
        foreach (
            var place in new[] { $"/prompts/{missing}", $"/prompts/{missing}/edit", $"/prompts/{missing}/rollout" }
        )
        {
            await page.GotoAsync(place);
            await page.GetByText("This prompt is not there").WaitForAsync();
        }

        await visit.AssertGoodScreenAsync("prompt-missing");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Whoever_may_only_read_prompts_is_offered_nothing_else()
    {
        var owner = await browser.SignUpAsync("Reading");
        var id = await PromptAsync(owner, 2);
        var viewer = await browser.InviteAsync(owner, "viewer");
        await using var visit = await browser.VisitAsync(Visit.Narrow);
        var page = visit.Page;
        await visit.SignInAsync(viewer);
        await page.GotoAsync("/prompts");
        await page.GetByRole(AriaRole.Link, new() { Name = "Prompt of tests" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Version 2" }).WaitForAsync();
        await page.GetByText("It was not used yet.").WaitForAsync();
        foreach (
            var name in new[]
            {
                "New version",
                "Move production",
                "Another label",
                "Edit from version 1",
                "Roll out version 2",
                "More about this prompt",
            }
        )
        {
            Assert.Equal(0, await page.GetByLabel(name).Or(page.GetByText(name, new() { Exact = true })).CountAsync());
        }

        await visit.AssertGoodScreenAsync("prompt-viewer", whole: true);
        await page.GotoAsync($"/prompts/{id}/rollout");
        await page.GetByText("Admins and owners begin them.").WaitForAsync();
        await page.GotoAsync($"/prompts/{id}/edit");
        await page.GetByText("Your role does not write prompts").WaitForAsync();
        visit.AssertNoComplaint();
    }

    /// <summary>A prompt with so many versions.</summary>
    private static async Task<Guid> PromptAsync(TestUser user, int versions)
    {
        var made = await PostAsync(
            user,
            "/api/v1/prompts",
            new { name = "Prompt of tests", content = new { system = "Version 1.", text = "" } }
        );
        var id = made.GetProperty("prompt").GetProperty("id").GetGuid();
        for (var number = 2; number <= versions; number++)
        {
            await AddAsync(user, id, number);
        }

        return id;
    }

    private static Task<JsonElement> AddAsync(TestUser user, Guid prompt, int number) =>
        PostAsync(
            user,
            $"/api/v1/prompts/{prompt}/versions",
            new { content = new { system = $"Version {number}.", text = "" }, why = $"Try {number}" }
        );

    /// <summary>Uses by so many conversations, of which some fail.</summary>
    private static async Task UseAsync(TestUser user, Guid prompt, int count, int failing)
    {
        for (var i = 0; i < count; i++)
        {
            var use = await PostAsync(user, $"/api/v1/prompts/{prompt}/render", new { unit = $"conversation-{i}" });
            await PostAsync(
                user,
                $"/api/v1/prompts/{prompt}/runs/{use.GetProperty("run_id").GetGuid()}/outcome",
                new { outcome = i % (count / failing) == 0 ? "faulty" : "succeeded", latency_ms = 700 + i }
            );
        }
    }

    private static async Task<int> ProductionAsync(TestUser user, Guid prompt) =>
        (await user.Http.GetFromJsonAsync<JsonElement>($"/api/v1/prompts/{prompt}", Cancel))
            .GetProperty("prompt")
            .GetProperty("production")
            .GetInt32();

    private static async Task<JsonElement> PostAsync(TestUser user, string path, object body)
    {
        using var response = await user.Http.PostAsJsonAsync(path, body, Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private static async Task PutAsync(TestUser user, string path, object body)
    {
        using var response = await user.Http.PutAsJsonAsync(path, body, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
