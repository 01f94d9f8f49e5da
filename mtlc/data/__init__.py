"""Where images and labels come from: the procedural rooms, folders of photos, and how samples are changed."""
