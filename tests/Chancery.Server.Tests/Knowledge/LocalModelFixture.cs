using Chancery.Server.Platform.LocalModels;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>The product with the model that <c>./run</c> installs.</summary>
public sealed class LocalModelFixture : ChanceryFixture
{
    public LocalModelFixture() => Settings["EMBEDDING_LOCAL"] = LocalModelCatalogue.DefaultModel;
}
