using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The chat with all that is around it, in its several states, with a model that says what a test wants.</summary>
public sealed class ChatTests(BrowserFixture browser)
{
    private const string Lease =
        "# Lease\n\nThe rent is due on the first day of each month. The deposit is three months of rent.\n";

    [Fact]
    public async Task Everything_around_a_question_works_and_looks_right()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var owner = await GivenAsync(visit);
        await visit.AskAsync("When is the rent due?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask again" }).ClickAsync();
        await page.GetByText("2 of 2").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Edit the question and ask" }).ClickAsync();
        await page.GetByText("You edit an earlier question").WaitForAsync();
        Assert.Equal("When is the rent due?", await page.Locator("#question").InputValueAsync());
        await page.Locator("#question").FillAsync("What is the deposit?");
        await visit.AssertGoodInEveryLookAsync("chat-editing");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("3 of 3").WaitForAsync();
        Assert.Contains("three months", await page.Locator(".answer").InnerTextAsync(), StringComparison.Ordinal);
        await visit.AssertGoodInEveryLookAsync("chat-versions");
        await page.GetByRole(AriaRole.Button, new() { Name = "Earlier version" }).ClickAsync();
        Assert.Equal("When is the rent due?", await page.Locator(".turn h2").InnerTextAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = "Asked of: all documents" }).ClickAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Lease" }).CheckAsync();
        await visit.AssertGoodInEveryLookAsync("chat-scope");
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "How to answer" }).ClickAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Leave the temperature to the model" }).UncheckAsync();
        await page.GetByRole(AriaRole.Slider, new() { Name = "Temperature" }).FillAsync("0.7");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Leave the maximum length" }).UncheckAsync();
        await page.GetByRole(AriaRole.Slider, new() { Name = "Maximum length" }).FillAsync("256");
        await visit.AssertGoodInEveryLookAsync("chat-how");
        await page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();
        await page.Locator("#model").SelectOptionAsync("openai/gpt-4.1-mini");
        await page.GetByText("ChatGPT (OpenAI) cannot be asked yet").WaitForAsync();
        Assert.Equal("scripted", await page.Locator("#model").InputValueAsync());
        await visit.AssertGoodInEveryLookAsync("chat-model-unavailable");

        await visit.AskAsync("When is the rent due, again?");
        var asked = browser.Model.ChatRequests.Last(request =>
            request.LastUserMessage == "When is the rent due, again?"
        );
        Assert.Equal(0.7, asked.Body.GetProperty("temperature").GetDouble(), 3);
        Assert.Equal(256, asked.Body.GetProperty("max_tokens").GetInt32());
        await page.Locator(".turn").Last.GetByText("Asked of “Lease”").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Share" }).ClickAsync();
        await page.GetByText("only you can read this conversation").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a link" }).ClickAsync();
        await page.Locator(".shares input").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("chat-share");
        var link = new Uri(await page.Locator(".shares input").InputValueAsync()).AbsolutePath;
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();

        await ReadAsColleagueAsync(owner, link);
        await page.GotoAsync(link);
        await page.GetByText("You shared this").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take back" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Take back" }).ClickAsync();
        visit.Expect("404 (Not Found)");
        await page.GetByText("This link leads nowhere").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("shared-gone");
    }

    private async Task ReadAsColleagueAsync(TestUser owner, string link)
    {
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsync(await browser.InviteAsync(owner, "viewer"));
        await visit.Page.GotoAsync(link);
        await visit.Page.GetByText("Olga Owner shared this").WaitForAsync();
        Assert.Equal(2, await visit.Page.Locator(".turn").CountAsync());
        Assert.Equal(0, await visit.Page.Locator("#take-back:visible").CountAsync());
        await visit.AssertGoodInEveryLookAsync("shared");
        await visit.Page.Locator(".source").First.ClickAsync();
        await visit.Page.Locator(".text-page mark").First.WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task An_answer_gets_thumbs_with_a_reason_and_loses_them_again()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await GivenAsync(visit);
        await visit.AskAsync("When is the rent due?");
        var good = page.GetByRole(AriaRole.Button, new() { Name = "Good: this answer" });
        var bad = page.GetByRole(AriaRole.Button, new() { Name = "Bad: this answer" });

        await good.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Thank you.").WaitForAsync();
        await bad.ClickAsync();
        await Assertions.Expect(bad).ToHaveAttributeAsync("aria-pressed", "true");
        await Assertions.Expect(good).ToHaveAttributeAsync("aria-pressed", "false");
        await page.GetByLabel("What is wrong with it?").FillAsync("It <b>names</b> no year.");
        await visit.AssertGoodInEveryLookAsync("chat-thumbs");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("What you wrote is kept with the answer.").WaitForAsync();

        await page.ReloadAsync();
        await Assertions.Expect(bad).ToHaveAttributeAsync("aria-pressed", "true");
        await bad.ClickAsync();
        await page.GetByText("Taken back.").WaitForAsync();
        await page.ReloadAsync();
        await Assertions.Expect(bad).ToHaveAttributeAsync("aria-pressed", "false");
        await Assertions.Expect(good).ToHaveAttributeAsync("aria-pressed", "false");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Each_ending_of_an_answer_is_told_apart_and_hostile_answers_stay_text()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await GivenAsync(visit);
        browser.Scripts["Evil? When is the rent due?"] = new ScriptedReply(
            "The rent is due on the first day of each month [1]. <script>hacked=1</script> ![x](https://evil.example/x.png) "
                + "[here](javascript:hacked=1) <img src=x onerror=hacked=1>"
        );
        browser.Scripts["Broken? When is the rent due?"] = ScriptedReply.Failing(500);
        browser.Scripts["Cut? When is the rent due?"] = new ScriptedReply(
            "The rent is due on the first day of each month [1]. And then there is"
        )
        {
            Ending = StreamEnding.ErrorObject,
        };

        await visit.AskAsync("Evil? When is the rent due?");
        Assert.Equal("undefined", await page.EvaluateAsync<string>("() => typeof hacked"));
        Assert.Equal(0, await page.Locator("main img, main script, .answer a").CountAsync());
        Assert.Contains("<script>", await page.Locator(".answer").InnerTextAsync(), StringComparison.Ordinal);

        await visit.AskAsync("Broken? When is the rent due?");
        await page.GetByText("The model did not answer.").WaitForAsync();
        await visit.AskAsync("Cut? When is the rent due?");
        await page.GetByText("The answer broke off.").WaitForAsync();
        await page.Locator("#model").SelectOptionAsync("extractive");
        await visit.AskAsync("Which volcano erupted in Iceland?");
        await page.GetByText("Not in your documents").First.WaitForAsync();
        await visit.AskAsync("When is the rent due?");
        await page.GetByText("word for word").WaitForAsync();
        await page.Locator(".turn").Nth(1).EvaluateAsync("turn => turn.scrollIntoView({ block: 'start' })");
        await visit.AssertGoodInEveryLookAsync("chat-endings");

        // Stored, they look the same.
        await page.ReloadAsync();
        await page.GetByText("The model did not answer.").WaitForAsync();
        await page.GetByText("This answer is not whole.").WaitForAsync();
        Assert.Equal(5, await page.Locator(".turn").CountAsync());

        // A hostile title comes back as text, in the list, in the head and in the palette.
        const string title = "<img src=x onerror=hacked=1>";
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for this conversation" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Rename" }).ClickAsync();
        await page.GetByLabel("Title").FillAsync(title);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Link, new() { Name = title }).WaitForAsync();
        Assert.Equal(title, await page.Locator("#conversation-title").InnerTextAsync());
        await page.Keyboard.PressAsync("Control+k");
        await page.GetByRole(AriaRole.Option, new() { Name = title }).WaitForAsync();
        Assert.Equal("undefined", await page.EvaluateAsync<string>("() => typeof hacked"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_model_that_is_to_reason_shows_its_steps_in_a_panel_which_folds_away_and_comes_back_with_the_conversation()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await GivenAsync(visit);
        browser.Scripts["Think! When is the rent due?"] = new ScriptedReply(
            "**Thought:** The lease <b>names</b> a day.\n**Action:** Look for it.\n**Confidence:** 80%\n\n"
                + "**Thought:** It is the first.\n**Final Answer:** The rent is due on the first day of each month [1]."
        );
        var reasoning = page.GetByRole(AriaRole.Button, new() { Name = "Reasoning" });
        await reasoning.FocusAsync();
        await page.Keyboard.PressAsync("Space");
        Assert.Equal("true", await reasoning.GetAttributeAsync("aria-pressed"));

        await visit.AskAsync("Think! When is the rent due?");
        var panel = page.Locator("details.reasoning");
        Assert.Null(await panel.GetAttributeAsync("open"));
        await page.Locator(".reasoning summary").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var shown = await panel.InnerTextAsync();
        foreach (
            var text in (string[])
                [
                    "Reasoning Process:",
                    "2 steps",
                    "Step 1",
                    "Confidence: 80%",
                    "The lease <b>names</b> a day.",
                    "Action: Look for it.",
                    "Step 2",
                ]
        )
        {
            Assert.Contains(text, shown, StringComparison.Ordinal);
        }

        await visit.AssertGoodInEveryLookAsync("chat-reasoning");
        await page.ReloadAsync();
        await page.GetByText("2 steps").WaitForAsync();
        // Quotes need no thoughts.
        await page.Locator("#model").SelectOptionAsync("extractive");
        await Assertions.Expect(reasoning).ToBeHiddenAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Conversations_are_found_copied_exported_deleted_and_brought_back()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await GivenAsync(visit);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.Locator("#model").SelectOptionAsync("extractive");
        await visit.AskAsync("When is the rent due?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the answer with its sources" }).ClickAsync();
        await page.GetByText("The answer was copied").WaitForAsync();
        var copied = await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        Assert.Contains("[1] Lease, ", copied, StringComparison.Ordinal);
        Assert.Contains("“The rent is due on the first day", copied, StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for this conversation" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Menuitem, new() { Name = "Export as Markdown" }).ClickAsync()
        );
        var exported = await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.StartsWith("# When is the rent due?", exported, StringComparison.Ordinal);

        await page.Locator("#conversations-search").FillAsync("first DAY");
        await page.Locator(".conversations small", new() { HasText = "first day" }).WaitForAsync();
        await page.Locator("#conversations-search").FillAsync("volcano");
        await page.GetByText("No conversation holds these words").WaitForAsync();
        await page.Locator("#conversations-search").FillAsync("");

        await page.Locator(".conversations li").First.WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for this conversation" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("Your conversations will be listed here").WaitForAsync();
        // The note waits while the keyboard is on it.
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).FocusAsync();
        await visit.AssertGoodInEveryLookAsync("chat-deleted");
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await page.ArrivesAtAsync("**/chat/*");
        await page.Locator(".turn .cite").First.WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task The_passage_stays_open_with_its_buttons_free_when_the_window_changes()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await GivenAsync(visit);
        await page.Locator("#model").SelectOptionAsync("extractive");
        await visit.AskAsync("When is the rent due?");
        await page.Locator(".source").First.ClickAsync();
        await page.Locator("#viewer-panel mark").First.WaitForAsync();
        var panel = page.Locator("#viewer-panel");

        await page.SetViewportSizeAsync(Visit.Narrow, 844);
        await page.WaitForFunctionAsync("() => document.querySelector('#viewer-panel').matches(':modal')");
        Assert.Equal(1, await page.Locator("#viewer-panel mark").CountAsync());
        await visit.AssertGoodScreenAsync("chat-passage-narrowed");
        await page.SetViewportSizeAsync(Visit.Wide, 900);
        await page.WaitForFunctionAsync("() => !document.querySelector('#viewer-panel').matches(':modal')");
        Assert.Equal(1, await page.Locator("#viewer-panel mark").CountAsync());
        await page.Locator("#question").FillAsync("The column leaves the question free.");
        await page.SetViewportSizeAsync(Visit.Narrow, 844);
        await panel.GetByRole(AriaRole.Button, new() { Name = "Close the document" }).ClickAsync();
        await panel.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.matches('.source')"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task What_was_typed_outlives_a_lost_server_and_an_ended_sign_in()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("ERR_FAILED");
        visit.Expect("401 (Unauthorized)");
        var email = await visit.SignUpAsync("Kept");
        var path = new Uri(page.Url).AbsolutePath;

        // The server is gone, the network is not.
        await page.RouteAsync("**/api/v1/**", route => route.AbortAsync());
        await page.RouteAsync("**/health/live", route => route.AbortAsync());
        await page.Locator("#question").FillAsync("Is anybody there?");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("The server cannot be reached.").First.WaitForAsync();
        await page.Locator("#question").FillAsync("A long thought, half written");
        await visit.AssertGoodInEveryLookAsync("chat-server-gone");
        await page.UnrouteAllAsync();
        await page.GetByText("The server is back.", new() { Exact = true }).WaitForAsync();
        Assert.Equal("A long thought, half written", await page.Locator("#question").InputValueAsync());

        // The sign-in ends elsewhere, in the middle of the thought.
        await page.EvaluateAsync("() => fetch('/api/v1/auth/logout/everywhere', { method: 'POST' })");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("You were signed out").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("chat-signed-out");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await page.GetByLabel("E-mail").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(Visit.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.ArrivesAtAsync("**" + path);
        await page.WaitForFunctionAsync("() => document.querySelector('#question')?.value !== ''");
        Assert.Equal("A long thought, half written", await page.Locator("#question").InputValueAsync());
    }

    /// <summary>An organisation with one document, and the chat open.</summary>
    private async Task<TestUser> GivenAsync(Visit visit)
    {
        foreach (var question in new[] { "When is the rent due?", "When is the rent due, again?" })
        {
            browser.Scripts[question] = new ScriptedReply("The rent is due on the first day of each month [1].");
        }

        browser.Scripts["What is the deposit?"] = new ScriptedReply("The deposit is three months of rent [1].");
        var owner = await browser.SignUpAsync("Tenants of Elm Road");
        await visit.SignInAsync(owner);
        await visit.UploadAsync("Lease", "Ready", Visit.TextFile("lease.md", Lease));
        await visit.Page.GotoAsync("/chat");
        await visit.Page.Locator(".welcome .about").WaitForAsync();
        await visit.Page.Locator("#model").SelectOptionAsync("scripted");
        return owner;
    }
}
