using Chancery.Models;
using Chancery.Server.Platform.LocalModels;
using Microsoft.Extensions.Configuration;

namespace Chancery.Bench.Retrieval;

/// <summary>The model that <c>./run</c> installs, as the verbs here use it.</summary>
internal static class BenchEncoder
{
    /// <summary>Null, and what to do is printed, when it is not installed.</summary>
    public static LocalEncoderOptions? Find()
    {
        var directory = LocalModelDirectory.Of(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        var options = directory.Find(LocalModelCatalogue.Shipped, LocalModelCatalogue.DefaultModel);
        if (options is null)
            Console.Error.WriteLine($"{LocalModelCatalogue.DefaultModel} is not installed: ./run chancery models pull");
        return options;
    }
}
