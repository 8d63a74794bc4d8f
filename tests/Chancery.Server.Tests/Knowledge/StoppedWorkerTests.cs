using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Knowledge;

public sealed class StoppedWorkerTests(IdleFixture chancery) : IClassFixture<IdleFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_that_is_stopped_gives_its_work_back_at_once_and_another_ends_it_the_same_way()
    {
        var user = await chancery.SignUpAsync();
        var text = await File.ReadAllBytesAsync(TestData.File("contracts", "cuad", "README.txt"), Cancel);
        await using var model = await ScriptedModelServer.StartAsync(cancellationToken: Cancel);
        var disturbed = (await user.UploadAsync(text, "readme.txt")).Id();

        model.EmbeddingsBehave(_ => new ScriptedReply { BeforeFirstByte = TimeSpan.FromSeconds(60) });
        await using (var doomed = await StartWorkerAsync(model))
        {
            await WaitForAsync(() => model.Running > 0);
            await doomed.StopAsync(Cancel);
        }

        var given = TimeProvider.System.GetTimestamp();
        model.EmbeddingsBehave(_ => new ScriptedReply());
        await using var worker = await StartWorkerAsync(model);
        await user.SettledAsync(disturbed);
        var waited = TimeProvider.System.GetElapsedTime(given);
        var calm = await user.ReadyAsync(text, "readme.txt");

        Assert.True(
            waited < TimeSpan.FromSeconds(20),
            $"{waited}: nobody waits for the lease of a worker that said goodbye."
        );
        Assert.Equal(
            await Snapshot.OfAsync(chancery.Owner, calm.Id()),
            await Snapshot.OfAsync(chancery.Owner, disturbed)
        );
        await worker.StopAsync(Cancel);
    }

    [Fact]
    public async Task Work_that_is_stopped_while_it_runs_writes_nothing_more_and_goes_on_where_it_was()
    {
        var user = await chancery.SignUpAsync();
        var text = await File.ReadAllBytesAsync(TestData.File("contracts", "cuad", "README.txt"), Cancel);
        await using var model = await ScriptedModelServer.StartAsync(cancellationToken: Cancel);
        var held = new TaskCompletionSource();
        model.EmbeddingsBehave(_ => new ScriptedReply { Held = held.Task });
        var id = (await user.UploadAsync(text, "readme.txt")).Id();
        await using var worker = await StartWorkerAsync(model);
        await WaitForAsync(() => model.Running > 0);

        var stopped = await KnowledgeApi.BodyAsync(
            await user.Http.DeleteAsync($"/api/v1/docs/{id}/process", Cancel),
            System.Net.HttpStatusCode.OK
        );
        held.SetResult();
        await WaitForAsync(() => model.Running == 0);
        await Task.Delay(500, Cancel);
        var later = await user.GetAsync($"/api/v1/docs/{id}");
        await user.PostAsync($"/api/v1/docs/{id}/process", expected: System.Net.HttpStatusCode.Accepted);
        var ended = await user.SettledAsync(id);

        Assert.Equal("stored", stopped.Text("state"));
        Assert.Equal("stored", later.Text("state"));
        Assert.Equal("ready", ended.Text("state"));
        await worker.StopAsync(Cancel);
    }

    private async Task<WebApplication> StartWorkerAsync(ScriptedModelServer model)
    {
        var worker = Program.Build(
            chancery.Storage,
            builder =>
            {
                builder.Environment.EnvironmentName = "Local";
                builder.Configuration.AddInMemoryCollection(chancery.Settings);
                builder.Configuration["WORKERS"] = "1";
                builder.Configuration["EMBEDDING_URL"] = model.BaseAddress.ToString();
                builder.Configuration["EMBEDDING_MODEL"] = "scripted";
                builder.WebHost.UseUrls("http://127.0.0.1:0");
            }
        );
        await worker.StartAsync(Cancel);
        return worker;
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(60);
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, "It did not come to that.");
            await Task.Delay(20, Cancel);
        }
    }
}
