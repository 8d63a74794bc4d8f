using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Platform.Operators;
using Chancery.Testing.Models;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The operator's console, and what an organisation decides about models.</summary>
public sealed class OperatorScreensTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_operator_signs_in_with_keys_only_and_has_a_model_asked_again()
    {
        var olga = await browser.SignUpAsync("Northwind Legal");
        var name = $"Ops {Guid.CreateVersion7():n}"[..12];
        var token = await new OperatorDirectory(browser.Owner).CreateAsync(
            name,
            TimeProvider.System.GetUtcNow(),
            Cancel
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await page.GotoAsync("/operator/sign-in");
        await keys.TypeAsync("co_not-a-token");
        await keys.PressAsync("Enter");
        await page.GetByText("No operator has this token").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-sign-in");
        await keys.TypeAsync(token!);
        await keys.PressAsync("Enter");
        await page.ArrivesAtAsync("**/operator");
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "scripted" });
        await row.GetByText("Asked", new() { Exact = true }).WaitForAsync();

        var question = $"refuse {Guid.CreateVersion7()}";
        browser.Scripts[question] = ScriptedReply.Failing(401);
        using var refused = await olga.Http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "scripted", messages = new[] { new { role = "user", content = question } } },
            Cancel
        );
        await row.GetByText("Key refused", new() { Exact = true }).WaitForAsync();
        await row.GetByText("key refused (401)").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-models");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask again: scripted" }).FocusAsync();
        await keys.PressAsync("Enter");
        await row.GetByText("Asked", new() { Exact = true }).WaitForAsync();
        await page.GetByText("scripted is asked again, on all servers.").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = $"Console of {name}," }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You are signed out of the console.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Without_models_and_without_an_answer_the_page_says_so()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("net::ERR_FAILED");
        await page.RouteAsync(
            "**/operator/models",
            route =>
                route.FulfillAsync(
                    new() { ContentType = "application/json", Body = """{"items":[],"server":"one","minutes":15}""" }
                )
        );
        await page.GotoAsync("/operator");
        await page.GetByText("No language model is set up").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-models-empty");

        await page.UnrouteAllAsync();
        await page.RouteAsync("**/operator/models", route => route.AbortAsync());
        await page.ReloadAsync();
        await page.GetByText("Check the connection and try again.").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-models-error");
        await page.UnrouteAllAsync();
        // It comes back by itself.
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "scripted" }).WaitForAsync();
    }

    [Fact]
    public async Task Organisations_are_found_held_to_models_suspended_and_let_go_on()
    {
        var word = $"Wharf {Guid.CreateVersion7().ToString("n")[^5..]}";
        var olga = await browser.SignUpAsync($"{word} & Sons");
        await browser.SignUpAsync($"{word} Shipping");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await page.GotoAsync("/operator/organizations");
        await page.GetByRole(AriaRole.Row).Nth(1).WaitForAsync();
        await page.GetByLabel("Name or id").FillAsync(word);
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "& Sons" });
        await page.WaitForURLAsync($"**/operator/organizations?q={Uri.EscapeDataString(word)}");
        await Assertions.Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(3);

        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Models…" }).ClickAsync();
        await page.GetByLabel("Only these").CheckAsync();
        await page.GetByLabel("scripted", new() { Exact = true }).UncheckAsync();
        await visit.AssertGoodScreenAsync("operator-organization-models");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the models" }).ClickAsync();
        await page.GetByText("may ask").WaitForAsync();

        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Suspend…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Suspend it" }).ClickAsync();
        await row.GetByText("suspended", new() { Exact = true }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-organizations");
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Let it go on" }).ClickAsync();
        await Assertions.Expect(row.GetByText("suspended", new() { Exact = true })).ToHaveCountAsync(0);

        await page.GetByLabel("Name or id").FillAsync($"{word} nowhere");
        await page.GetByText("No organisation is called so").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-organizations-none");
        visit.AssertNoComplaint();

        // What the operator decided is seen in the organisation's settings, and the chat offers nothing else.
        await visit.SignInAsync(olga);
        Assert.DoesNotContain("scripted", await page.Locator("#model").InnerTextAsync(), StringComparison.Ordinal);
        await page.GotoAsync("/settings#models-section");
        await page.GetByText("All that the operator allows").WaitForAsync();
        await page.GetByLabel("Questions go to").SelectOptionAsync("extractive");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the models" }).ClickAsync();
        await page.GetByText("Saved.", new() { Exact = true }).WaitForAsync();
        await page.GetByLabel("Only these").CheckAsync();
        await page.GetByText("not allowed by the operator").First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-models");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_plan_is_added_an_organisation_put_on_it_and_let_do_more_and_what_is_wrong_is_said_at_the_field()
    {
        var word = Guid.CreateVersion7().ToString("n")[^6..].ToUpperInvariant();
        var name = $"TEAM-{word}";
        await browser.SignUpAsync($"Quay {word}");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await page.GotoAsync("/operator/plan-list");
        await page.GetByRole(AriaRole.Row)
            .Filter(new() { HasText = "UNLIMITED" })
            .GetByText("No limits")
            .WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a plan" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("team");
        await page.GetByLabel("Documents", new() { Exact = true }).FillAsync("-1");
        await page.GetByLabel("Dollars for models a month").FillAsync("12.5");
        var add = page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Add the plan" });
        await add.ClickAsync();
        await page.GetByText("a letter first.").WaitForAsync();
        await Assertions
            .Expect(page.GetByLabel("Documents", new() { Exact = true }))
            .ToHaveAttributeAsync("aria-invalid", "true");
        await visit.AssertGoodScreenAsync("operator-plan-errors");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(name);
        await page.GetByLabel("Documents", new() { Exact = true }).FillAsync("200");
        await add.ClickAsync();
        var plan = page.GetByRole(AriaRole.Row).Filter(new() { HasText = name });
        await plan.GetByText("Dollars for models a month: 12.5").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-plans");

        await page.GotoAsync($"/operator/organizations?q={word}");
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = $"Quay {word}" });
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Plan…" }).ClickAsync();
        await page.GetByLabel("Plan", new() { Exact = true }).SelectOptionAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Put it on this plan" }).ClickAsync();
        await row.GetByText(name, new() { Exact = true }).WaitForAsync();

        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Limits…" }).ClickAsync();
        var documents = page.GetByLabel("Documents", new() { Exact = true });
        await documents.SelectOptionAsync("most");
        var save = page.GetByRole(AriaRole.Button, new() { Name = "Save the limits" });
        await save.ClickAsync();
        await page.GetByText("Type a number, or choose no limit.").WaitForAsync();
        await page.GetByLabel("Documents: how many").FillAsync("50");
        await page.GetByLabel("Dollars for models a month", new() { Exact = true }).SelectOptionAsync("none");
        await visit.AssertGoodScreenAsync("operator-limits");
        await save.ClickAsync();
        await page.GetByText("hold within two seconds.").WaitForAsync();

        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Limits…" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Documents: how many")).ToHaveValueAsync("50");
        await documents.SelectOptionAsync("plan");
        await save.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        visit.AssertNoComplaint();

        visit.Expect("409");
        await page.GotoAsync("/operator/plan-list");
        await plan.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Remove…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove it" }).ClickAsync();
        await page.GetByText($"1 are on {name}").WaitForAsync();
    }

    [Fact]
    public async Task Words_of_a_release_go_on_and_back_and_begin_again_by_keys_with_a_reason()
    {
        // Of no prompt that this build ships: nobody is dealt them.
        var (prompt, running, later) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (
            var command = browser.Owner.CreateCommand(
                """
                INSERT INTO prompt_releases (release_id, prompt_id, sha256, content, former_sha256, state, plan, exposure, progress, limits, created_at,
                                             shipped_at, begun_at, looked_at)
                SELECT w.id, $1, w.sha256, w.content, w.former, w.state, r.plan, w.exposure, r.progress, r.limits, now(), now(), now(), now()
                FROM (SELECT plan, progress, limits FROM prompt_releases ORDER BY release_id LIMIT 1) AS r,
                     (VALUES ($2, '\x01'::bytea, $4, NULL::bytea, 'first', 10000), ($3, '\x02'::bytea, $5, '\x01'::bytea, 'running', 100))
                       AS w (id, sha256, content, former, state, exposure)
                """
            )
        )
        {
            command.Parameters.AddWithValue(prompt);
            command.Parameters.AddWithValue(running);
            command.Parameters.AddWithValue(later);
            command.Parameters.AddWithValue(WordsOf("Answer from what stands between {{boundary}}."));
            command.Parameters.AddWithValue(WordsOf("Answer shortly from what stands between {{boundary}}."));
            await command.ExecuteNonQueryAsync(Cancel);
        }

        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await page.GotoAsync("/operator");
        await page.GetByRole(AriaRole.Link, new() { Name = "Releases" }).ClickAsync();
        var card = page.Locator($"[data-id='{later}']");
        await card.GetByText("1 % of conversations").WaitForAsync();
        await card.GetByText("What they say").ClickAsync();
        await card.GetByText("Answer shortly from what stands").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-releases", whole: true);

        // No step without a reason.
        await card.GetByRole(AriaRole.Button, new() { Name = "Next step" }).FocusAsync();
        await keys.PressAsync("Enter");
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByText("Go on to 5 %?").WaitForAsync();
        await keys.PressAsync("Enter");
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        await keys.TypeAsync("Looks well");
        await keys.PressAsync("Enter");
        await card.GetByText("5 % of conversations").WaitForAsync();
        await Assertions.Expect(card.GetByRole(AriaRole.Button, new() { Name = "Next step" })).ToBeFocusedAsync();

        await card.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).FocusAsync();
        await keys.PressAsync("Enter");
        await dialog.GetByText("Roll back?").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-release-back");
        await keys.TypeAsync("It is rude");
        await keys.PressAsync("Enter");
        await card.GetByText("Rolled back", new() { Exact = true }).WaitForAsync();
        await card.GetByText("It is rude").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-release-turned-back");

        await card.GetByRole(AriaRole.Button, new() { Name = "Let them begin again" }).FocusAsync();
        await keys.PressAsync("Enter");
        await dialog.GetByText("Let them begin again?").WaitForAsync();
        await keys.TypeAsync("Mended");
        await keys.PressAsync("Enter");
        await card.GetByText("1 % of conversations").WaitForAsync();

        // Whom somebody else has moved meanwhile it moves no further, and shows where it is.
        visit.Expect("409");
        await card.GetByRole(AriaRole.Button, new() { Name = "Next step" }).ClickAsync();
        await ExecuteAsync(
            $"UPDATE prompt_releases SET exposure = 2500, progress = jsonb_set(progress, '{{stage}}', '2') WHERE release_id = '{later}'"
        );
        await dialog.GetByLabel("Why").FillAsync("On");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await page.GetByText("It is at stage 3. Look at it again.").First.WaitForAsync();
        await card.GetByText("25 % of conversations").WaitForAsync();
        visit.AssertNoComplaint();
        await ExecuteAsync($"DELETE FROM prompt_releases WHERE release_id = '{later}'");
        await ExecuteAsync($"DELETE FROM prompt_releases WHERE release_id = '{running}'");
    }

    [Fact]
    public async Task Without_releases_and_without_an_answer_the_page_of_releases_says_so()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("net::ERR_FAILED");
        await page.RouteAsync(
            "**/operator/prompts/releases*",
            route => route.FulfillAsync(new() { ContentType = "application/json", Body = """{"items":[]}""" })
        );
        await page.GotoAsync("/operator/release-list");
        await page.GetByText("No words of a release yet").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-releases-empty");

        await page.UnrouteAllAsync();
        await page.RouteAsync("**/operator/prompts/releases*", route => route.AbortAsync());
        await page.ReloadAsync();
        await page.GetByText("Check the connection and try again.").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-releases-error");
        await page.UnrouteAllAsync();
        // It comes back by itself, with what everybody had from the start.
        await page.GetByText("Had from the start").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-releases-first", whole: true);
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Both_arms_of_a_release_are_shown_with_their_intervals()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await page.RouteAsync(
            "**/operator/prompts/releases*",
            async route =>
            {
                var answer = await route.FetchAsync();
                var body = JsonNode.Parse(await answer.TextAsync())!.AsObject();
                var first = body["items"]![0]!.AsObject();
                first["state"] = "running";
                first["percent"] = 5;
                first["stage"] = 2;
                first["waiting"] = "gathering";
                first["p_value"] = 0.41;
                first["control"] = first["treatment"]!.DeepClone();
                first["control"]!["uses"] = 24_310;
                first["treatment"]!["uses"] = 1_240;
                first["control"]!["metrics"] = Metrics(24_310, 490);
                first["treatment"]!["metrics"] = Metrics(1_240, 31);
                var second = first.DeepClone().AsObject();
                second["id"] = Guid.CreateVersion7().ToString();
                second["state"] = "killed";
                second["percent"] = 0;
                second["reason"] =
                    "Of the new version's uses, 31 of 40 did not succeed; of the old one's, 3 of 800. The limit is 50 %.";
                second["ended_at"] = "2026-03-03T09:00:00Z";
                second.Remove("waiting");
                body["items"]!.AsArray().Insert(1, second);
                await route.FulfillAsync(new() { Response = answer, Body = body.ToJsonString() });
            }
        );
        await page.GotoAsync("/operator/release-list");
        await page.GetByText("490 of 24,310").First.WaitForAsync();
        await page.GetByText("New words", new() { Exact = true }).First.WaitForAsync();
        await page.GetByText("Stopped at once").WaitForAsync();
        await page.GetByText("By its own rule.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-releases-full", whole: true);
        visit.AssertNoComplaint();

        static JsonArray Metrics(int observed, int bad) =>
            [
                .. ((string[])["error", "low_judgement"]).Select(name => new JsonObject
                {
                    ["metric"] = name,
                    ["observed"] = observed,
                    ["bad"] = bad,
                    ["rate"] = (double)bad / observed,
                    ["low"] = (double)bad / observed * 0.7,
                    ["high"] = (double)bad / observed * 1.4,
                }),
            ];
    }

    private static string WordsOf(string system) => $$"""{"system":"{{system}}","text":"","variables":[]}""";

    private async Task ExecuteAsync(string sql)
    {
        await using var command = browser.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
