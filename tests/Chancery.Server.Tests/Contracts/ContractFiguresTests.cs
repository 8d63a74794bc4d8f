using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Chancery.Server.Contracts.Telemetry;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Chancery.Server.Tests.Contracts.ContractApi;

namespace Chancery.Server.Tests.Contracts;

/// <summary>How much was drafted and changed, for an organisation and for the operator.</summary>
public sealed class ContractFiguresTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task An_organisation_sees_what_was_drafted_and_changed_a_member_only_their_own_and_others_nothing()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var stranger = await chancery.SignUpAsync("Other");
        var draft = await olga.DraftAsync();
        await olga.EditAsync(draft.ContractId(), 1, Replacing(draft.Spoken()[0].Id(), "Changed."));
        await eddie.DraftAsync();
        await ProposeAsync(eddie, draft.ContractId());

        var all = await olga.GetAsync("/api/v1/analytics/contracts?days=7");
        var own = await eddie.GetAsync("/api/v1/analytics/contracts?days=7");
        var none = await stranger.GetAsync("/api/v1/analytics/contracts");
        await olga.GetAsync("/api/v1/analytics/contracts?days=0", HttpStatusCode.BadRequest);

        Assert.Equal(("organization", 2, 1, 1), Sums(all));
        Assert.Equal(("own", 1, 0, 1), Sums(own));
        Assert.Equal(("organization", 0, 0, 0), Sums(none));
        var points = all.GetProperty("points").EnumerateArray().ToArray();
        Assert.Equal(7, points.Length);
        // The day may have ended since.
        Assert.Equal(2, points[^2..].Sum(point => point.GetProperty("drafts").GetInt64()));
        Assert.Equal(30, none.GetProperty("points").GetArrayLength());
    }

    [Fact]
    public async Task What_an_accepted_change_cost_is_told_once_on_the_day_of_its_proposal()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.DraftAsync()).ContractId();
        var proposal = (await ProposeAsync(olga, id)).GetProperty("proposal").Id();
        await using (
            var cost = chancery.Owner.CreateCommand(
                "UPDATE contract_proposals SET model = 'm', input_tokens = 7, output_tokens = 3, cost_nano = 2000000 WHERE proposal_id = $1"
            )
        )
        {
            cost.Parameters.AddWithValue(proposal);
            Assert.Equal(1, await cost.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        await olga.PostAsync($"/api/v1/contracts/{id}/proposals/{proposal}/accept", new { }, HttpStatusCode.Created);

        var seen = await olga.GetAsync("/api/v1/analytics/contracts");

        Assert.Equal(("organization", 1, 1, 1), Sums(seen));
        Assert.Equal(7, seen.GetProperty("input_tokens").GetInt64());
        Assert.Equal(3, seen.GetProperty("output_tokens").GetInt64());
        Assert.Equal(0.002m, seen.GetProperty("cost_usd").GetDecimal());
    }

    [Fact]
    public async Task The_operators_figures_tell_sources_and_outcomes_and_name_no_organisation()
    {
        var heard = new ConcurrentBag<(string Name, string Tags)>();
        using var listener = new MeterListener();
        var meters = chancery.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == ContractMeter.MeterName && instrument.Meter.Scope == meters)
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, _, tags, _) => heard.Add((instrument.Name, Text(tags)))
        );
        listener.SetMeasurementEventCallback<double>(
            (instrument, _, tags, _) => heard.Add((instrument.Name, Text(tags)))
        );
        listener.Start();
        var olga = await chancery.SignUpAsync();

        var id = (await olga.DraftAsync()).ContractId();
        var proposal = (await ProposeAsync(olga, id)).GetProperty("proposal").Id();
        await olga.PostAsync($"/api/v1/contracts/{id}/proposals/{proposal}/reject", new { });
        await olga.PostAsync(
            $"/api/v1/contracts/{id}/revisions",
            new { instruction = "Make it friendlier to us overall", model = "extractive" },
            HttpStatusCode.UnprocessableEntity
        );

        // How long it took is told after the caller has its answer.
        for (var tries = 0; heard.Count(one => one.Tags.Contains("kind=", StringComparison.Ordinal)) < 3; tries++)
        {
            Assert.True(tries < 200, string.Join('\n', heard));
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Contains(("chancery_contract_revisions_total", "source=drafted"), heard);
        Assert.Contains(("chancery_contract_proposals_total", "outcome=made"), heard);
        Assert.Contains(("chancery_contract_proposals_total", "outcome=rejected"), heard);
        Assert.Contains(("chancery_contract_operation_duration_seconds", "kind=draft outcome=done"), heard);
        Assert.Contains(("chancery_contract_operation_duration_seconds", "kind=revision outcome=failed"), heard);
        Assert.DoesNotContain(olga.TenantId.ToString(), string.Join('\n', heard), StringComparison.Ordinal);
    }

    private static Task<JsonElement> ProposeAsync(TestUser user, Guid contract) =>
        user.PostAsync(
            $"/api/v1/contracts/{contract}/revisions",
            new
            {
                instruction = "Change the governing law to Austria",
                model = "extractive",
                propose = true,
            },
            HttpStatusCode.Created
        );

    private static (string Scope, long Drafts, long Revisions, long Proposals) Sums(JsonElement seen) =>
        (
            seen.Text("scope"),
            seen.GetProperty("drafts").GetInt64(),
            seen.GetProperty("revisions").GetInt64(),
            seen.GetProperty("proposals").GetInt64()
        );

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var words = new List<string>();
        foreach (var (name, value) in tags)
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));
        }

        return string.Join(' ', words);
    }
}
