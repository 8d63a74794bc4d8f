using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The screens of evaluation: datasets, their questions, runs, two runs compared.</summary>
public sealed class EvaluationScreensTests(BrowserFixture browser)
{
    private const string Note =
        "# Terms\n\nThe notice period is thirty days. Invoices are paid within fourteen days of receipt.\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Questions_are_put_together_asked_and_two_runs_are_held_against_each_other()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        await new Shelf(owner).AddReadAsync("note.md", Note);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Evaluation" }).ClickAsync();
        await page.GetByText("No datasets yet").WaitForAsync();
        await page.GetByText("No runs yet").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-empty", whole: true);

        await page.GetByRole(AriaRole.Button, new() { Name = "New dataset" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("Terms <i>of</i> service");
        await dialog.GetByLabel("What it is for").FillAsync("What customers ask about their terms.");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        await page.GetByText("No questions yet").WaitForAsync();
        Assert.Equal("Terms <i>of</i> service", await page.Locator("h1").TextContentAsync());
        Assert.True(await page.GetByRole(AriaRole.Button, new() { Name = "Ask the questions" }).IsDisabledAsync());

        // By hand, and out of a file of which a row is none.
        await page.GetByRole(AriaRole.Button, new() { Name = "Another question" }).ClickAsync();
        await dialog.GetByLabel("Question").FillAsync("How long is the notice period?");
        await dialog.GetByLabel("Right answers").FillAsync("thirty days\n30 days");
        await dialog.GetByLabel("Where it stands").FillAsync("note.md | | notice period");
        await dialog.GetByLabel("Language").FillAsync("en");
        await visit.AssertGoodInEveryLookAsync("evaluation-question");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add it" }).ClickAsync();
        await page.GetByText("1 question", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Import" }).ClickAsync();
        await dialog
            .GetByLabel("CSV or JSON Lines")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "questions.csv",
                    MimeType = "text/csv",
                    Buffer = Encoding.UTF8.GetBytes(
                        """
                        question,expected_answer,document,quote,should_refuse,tags
                        Within how many days are invoices paid?,fourteen days,note.md,fourteen days,,terms
                        Who won the football world cup in 1998?,,,,true,
                        ,nothing asked,,,,
                        """
                    ),
                }
            );
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Import" }).ClickAsync();
        await page.GetByText("2 questions came in.").WaitForAsync();
        await page.GetByText("1 row could not be taken:").WaitForAsync();
        await page.GetByText("Not in the documents: to be refused.").WaitForAsync();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Dismiss this note" }).First.ClickAsync();
        }

        await visit.AssertGoodInEveryLookAsync("evaluation-dataset", whole: true);

        // One is put in another's place.
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for question 3" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Edit" }).ClickAsync();
        await dialog
            .GetByLabel("Question", new() { Exact = true })
            .FillAsync("Who won the football world cup in 2002?");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Put it in its place" }).ClickAsync();
        await page.Locator(".question").Filter(new() { HasText = "in 2002?" }).WaitForAsync();
        Assert.Equal(0, await page.Locator(".question").Filter(new() { HasText = "in 1998?" }).CountAsync());
        Assert.Equal(3, await page.Locator(".question").CountAsync());

        // Asked of quotes alone, without any model.
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask the questions" }).ClickAsync();
        await dialog.GetByLabel("Model", new() { Exact = true }).SelectOptionAsync("extractive");
        await dialog.GetByLabel("Costs at most").FillAsync("0");
        await dialog.GetByLabel("Each question is asked so often").FillAsync("11");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Ask them" }).ClickAsync();
        await Assertions.Expect(dialog.Locator(".field-error")).ToHaveCountAsync(2);
        await dialog.GetByLabel("Costs at most").FillAsync("0.5");
        await dialog.GetByLabel("Each question is asked so often").FillAsync("2");
        await visit.AssertGoodInEveryLookAsync("evaluation-start");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Ask them" }).ClickAsync();
        await page.ArrivesAtAsync("**/evaluation/runs/*");
        await page.GetByText("Done", new() { Exact = true }).WaitForAsync();
        await page.Locator("[data-score=contains_answer]").WaitForAsync();
        var runs = await owner.Http.GetFromJsonAsync<JsonElement>("/api/v1/eval/runs", Cancel);
        Assert.Equal(2, runs.GetProperty("items")[0].GetProperty("repeats").GetInt32());
        Assert.Contains(
            "1 not applicable",
            await page.Locator("[data-score=contains_answer]").InnerTextAsync(),
            StringComparison.Ordinal
        );
        await page.Locator(".result").Nth(2).GetByText("Refused", new() { Exact = true }).WaitForAsync();
        await page.GetByText("The answer, and where it stands").First.ClickAsync();
        await page.GetByText("expected", new() { Exact = true }).First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-run", whole: true);

        // The same asked of a model that says something else.
        browser.Scripts["Within how many days are invoices paid?"] = new ScriptedReply(
            "They are paid in ninety days [1]."
        );
        await StartAsync(owner, "scripted");
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare with another run" }).ClickAsync();
        await Assertions.Expect(page.Locator("#dataset tbody tr .state.ready")).ToHaveCountAsync(2);
        await page.Locator("tbody input[type=checkbox]").Nth(0).CheckAsync();
        await page.GetByText("Choose another one of the same dataset.").WaitForAsync();
        await page.Locator("tbody input[type=checkbox]").Nth(1).CheckAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-choose", whole: true);
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare them" }).ClickAsync();
        await page.Locator("[data-score=contains_answer]").WaitForAsync();
        await page.Locator("#by-score").SelectOptionAsync("contains_answer");
        await page.GetByText("2 questions changed.").WaitForAsync();
        await page.GetByText("Both answers").Nth(1).ClickAsync();
        await page.GetByText("They are paid in ninety days").First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-compare", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Swap" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-score=contains_answer]")).ToContainTextAsync("+");

        await page.GotoAsync("/evaluation");
        await page.GetByRole(AriaRole.Link, new() { Name = "Terms <i>of</i> service" }).WaitForAsync();
        await Assertions.Expect(page.Locator("#runs tbody tr")).ToHaveCountAsync(2);
        await visit.AssertGoodInEveryLookAsync("evaluation", whole: true);
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_run_is_watched_while_it_goes_on_and_cancelled()
    {
        const string question = "How long is the notice period, all in all?";
        var owner = await browser.SignUpAsync("Waiting");
        await new Shelf(owner).AddReadAsync("note.md", Note);
        browser.Scripts[question] = new ScriptedReply("The notice period is thirty days [1].")
        {
            BeforeFirstByte = TimeSpan.FromSeconds(3),
        };
        await DatasetAsync(owner, [.. Enumerable.Repeat(question, 30)]);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        var run = await StartAsync(owner, "scripted", isAwaited: false);
        await page.GotoAsync($"/evaluation/runs/{run}");
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        await page.Locator(".result").First.WaitForAsync();
        await page.GetByText("of 30", new() { Exact = false }).First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-running");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the run" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog)
            .GetByRole(AriaRole.Button, new() { Name = "Cancel the run" })
            .ClickAsync();
        await page.GetByText("The run has ended.").WaitForAsync();
        await page.GetByText("Cancelled", new() { Exact = true }).WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_judge_is_held_against_people_who_label_what_it_judged()
    {
        const string said = "The notice period is thirty days";
        string[] questions =
        [
            .. Enumerable.Range(1, 4).Select(i => $"How long is the judged notice period, part {i}?"),
        ];
        var owner = await browser.SignUpAsync("Judged");
        await new Shelf(owner).AddReadAsync("note.md", Note);
        foreach (var question in questions)
        {
            browser.Scripts[question] = new ScriptedReply($"{said} [1].");
            browser.Verdicts[question] = (said, question == questions[3] ? 1 : 5);
        }

        await DatasetAsync(owner, questions);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        var run = await StartAsync(
            owner,
            "scripted",
            judging: new { model = "scripted", criteria = new[] { "relevance" } }
        );
        await page.GotoAsync($"/evaluation/runs/{run}");
        var judge = page.GetByRole(AriaRole.Group, new() { Name = "The judge beside people" });
        foreach (var (number, label) in new[] { (1, "yes"), (2, "yes"), (3, "no"), (4, "no") })
        {
            var button = page.GetByRole(AriaRole.Button, new() { Name = $"Relevant: {label}, question {number}" });
            await button.FocusAsync();
            await page.Keyboard.PressAsync("Enter");
            await judge.Locator("td", new() { HasTextString = $"{number}" }).First.WaitForAsync();
            Assert.Equal("true", await button.GetAttributeAsync("aria-pressed"));
        }

        await judge.GetByText("75 %").WaitForAsync();
        await judge.GetByText("0.50").WaitForAsync();
        await page.GetByText("as here: relevant", new() { Exact = false }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-labels", whole: true);
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Relevant: yes, question 3" }).ClickAsync();
        await judge.GetByText("100 %").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_dataset_is_asked_every_night_renamed_and_deleted()
    {
        var owner = await browser.SignUpAsync("Nightly");
        await DatasetAsync(owner, "What is said?");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/evaluation");
        await page.GetByRole(AriaRole.Link, new() { Name = "Questions of tests" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask it every night" }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("What is asked").SelectOptionAsync("search");
        Assert.False(await dialog.GetByLabel("Model").IsVisibleAsync());
        await visit.AssertGoodInEveryLookAsync("evaluation-nightly");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Every night" }).ClickAsync();
        await page.GetByText("Search alone, at 2:00 UTC, for").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch off" }).ClickAsync();
        await page.GetByText("Not every night").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "More about this dataset" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Rename or describe" }).ClickAsync();
        await dialog.GetByLabel("Name").FillAsync("Renamed");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Renamed" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "More about this dataset" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("No datasets yet").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task What_cannot_be_read_is_not_there_or_may_not_be_changed_says_so()
    {
        var owner = await browser.SignUpAsync("Failing");
        var dataset = await DatasetAsync(owner, "What is said?");
        var viewer = await browser.InviteAsync(owner, "viewer");
        await using var visit = await browser.VisitAsync(Visit.Narrow);
        var page = visit.Page;
        await visit.SignInAsync(viewer);
        await page.GotoAsync($"/evaluation/datasets/{dataset}");
        await page.Locator(".question").WaitForAsync();
        foreach (
            var name in new[]
            {
                "Ask the questions",
                "Import",
                "Another question",
                "Ask it every night",
                "Actions for question 1",
            }
        )
        {
            Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = name }).CountAsync());
        }

        await visit.AssertGoodScreenAsync("evaluation-viewer");
        visit.Expect("500 (Internal");
        visit.Expect("404 (Not Found)");
        await page.RouteAsync(
            "**/api/v1/eval/**",
            route =>
                route.FulfillAsync(new() { Status = 500, Body = """{"title":"x","detail":"Try again in a moment."}""" })
        );
        await page.GotoAsync("/evaluation");
        await page.GetByText("Try again in a moment.").First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("evaluation-error");
        await page.GotoAsync($"/evaluation/datasets/{dataset}");
        await page.GetByText("Try again in a moment.").WaitForAsync();
        await page.UnrouteAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.Locator(".question").WaitForAsync();
        await page.GotoAsync($"/evaluation/datasets/{Guid.CreateVersion7()}");
        await page.GetByText("This dataset is not there").WaitForAsync();
        await page.GotoAsync($"/evaluation/runs/{Guid.CreateVersion7()}");
        await page.GetByText("This run is not there").WaitForAsync();
        await page.GotoAsync("/evaluation/compare");
        await page.GetByText("There are no two runs to compare").WaitForAsync();
        await visit.AssertGoodScreenAsync("evaluation-missing");
        visit.AssertNoComplaint();
    }

    private static async Task<Guid> DatasetAsync(TestUser user, params string[] questions)
    {
        using var response = await user.Http.PostAsJsonAsync(
            "/api/v1/eval/datasets",
            new
            {
                name = "Questions of tests",
                questions = questions.Select(question => new { question, expected_answers = new[] { "thirty days" } }),
            },
            Cancel
        );
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetGuid();
    }

    /// <summary>Asks the organisation's only dataset.</summary>
    private static async Task<Guid> StartAsync(
        TestUser user,
        string model,
        bool isAwaited = true,
        object? judging = null
    )
    {
        var datasets = await user.Http.GetFromJsonAsync<JsonElement>("/api/v1/eval/datasets", Cancel);
        using var response = await user.Http.PostAsJsonAsync(
            "/api/v1/eval/runs",
            new
            {
                dataset = datasets.GetProperty("items")[0].GetProperty("id").GetGuid(),
                target = new { kind = "answer", model },
                judging,
            },
            Cancel
        );
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        var id = (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetGuid();
        for (var i = 0; isAwaited && i < 600; i++)
        {
            var run = await user.Http.GetFromJsonAsync<JsonElement>($"/api/v1/eval/runs/{id}", Cancel);
            if (run.GetProperty("state").GetString() == "done")
            {
                break;
            }

            await Task.Delay(100, Cancel);
        }

        return id;
    }
}
