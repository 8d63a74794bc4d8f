using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>The product with an embedding endpoint, and without patience between tries.</summary>
public class EmbeddingFixture : ChanceryFixture
{
    public ScriptedModelServer Model { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync();
        Settings["EMBEDDING_URL"] = Model.BaseAddress.ToString();
        Settings["EMBEDDING_MODEL"] = "scripted";
        Settings["EMBEDDING_BATCH"] = "8";
        Settings["WORK_RETRY_MILLISECONDS"] = "1";
        Settings["WORK_ATTEMPTS"] = "3";
        Settings["LOG_LEVEL"] = "Critical";
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
