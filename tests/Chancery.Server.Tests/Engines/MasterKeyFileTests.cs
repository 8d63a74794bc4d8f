using Chancery.Server.Platform.Secrets;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Engines;

public sealed class MasterKeyFileTests
{
    [Fact]
    public void A_directory_that_holds_files_gets_no_new_master_key()
    {
        var directory = Directory.CreateTempSubdirectory("chancery-key-");
        var blobs = directory.CreateSubdirectory("blobs");
        var nothing = new ConfigurationBuilder().Build();
        var tenant = blobs.CreateSubdirectory("tenant");

        var refused = Assert.Throws<InvalidOperationException>(() =>
            MasterKeyFile.Load(nothing, directory.FullName, mayCreate: true, out _)
        );
        Assert.False(Directory.Exists(Path.Combine(directory.FullName, "keys")));
        tenant.Delete();
        MasterKeyFile.Load(nothing, directory.FullName, mayCreate: true, out var created);

        Assert.Contains("its master key is not with it", refused.Message, StringComparison.Ordinal);
        Assert.True(created);
        directory.Delete(recursive: true);
    }
}
